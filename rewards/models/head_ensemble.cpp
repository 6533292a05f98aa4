#include "rewards/models/head_ensemble.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/rng.hpp"

namespace pagewright {

namespace {

/// RandomStream::bootstrap's "iterations" of members begin here; resamples for intervals count from 0.
constexpr std::uint64_t kFirstMember = 1U << 30;

at::Tensor mean_of(std::span<const at::Tensor> members) {
  at::Tensor total = members.front();
  for (const at::Tensor& member : members.subspan(1)) total = total + member;
  return total / static_cast<double>(members.size());
}

/// sum_h (x_h - mean(x)) (y_h - mean(y)) / (k - 1), [n].
at::Tensor member_covariance(std::span<const at::Tensor> x, std::span<const at::Tensor> y) {
  const at::Tensor mean_x = mean_of(x), mean_y = mean_of(y);
  at::Tensor total = at::zeros_like(mean_x);
  for (std::size_t h = 0; h < x.size(); ++h) total = total + (x[h] - mean_x) * (y[h] - mean_y);
  return total / static_cast<double>(x.size() - 1);
}

}  // namespace

std::string member_head(std::string_view head, int member) {
  return member == 0 ? std::string(head) : fmt::format("{}_{}", head, member + 1);
}

std::vector<std::string> ensemble_heads(std::span<const std::string> heads, int members) {
  std::vector<std::string> names;
  for (int member = 0; member < members; ++member)
    for (const std::string& head : heads) names.push_back(member_head(head, member));
  return names;
}

int ensemble_size(const ModelConfig& config, std::string_view head) {
  const auto& heads = config.scalar_heads;
  int members = 0;
  while (std::find(heads.begin(), heads.end(), member_head(head, members)) != heads.end()) ++members;
  return members;
}

void start_member_heads(FlatParameters& parameters, std::uint64_t seed) {
  const ModelConfig& config = parameters.config();
  const double stddev = 1 / std::sqrt(3.0 * static_cast<double>(config.dim));
  parameters.fill([&](const ParameterSpec& spec, const at::Tensor& values) {
    for (const std::string& head : config.scalar_heads) {
      if (spec.name != head + "_head.weight") continue;
      const std::uint64_t key = stable_hash(spec.name);
      CounterRandom random(seed, RandomStream::init, /*iteration=*/2, key & 0xFFFFFFFFU,
                           (key >> 32) & 0xFFFFU);
      auto* begin = values.mutable_data_ptr<float>();
      for (std::int64_t i = 0; i < values.numel(); ++i)
        begin[i] = static_cast<float>(stddev * random.normal());
    }
  });
}

double bootstrap_weight(std::uint64_t seed, int member, std::string_view user) {
  const std::uint64_t key = stable_hash(user);
  CounterRandom random(seed, RandomStream::bootstrap, kFirstMember + static_cast<std::uint64_t>(member),
                       key & 0xFFFFFFFFU, (key >> 32) & 0xFFFFU, key >> 48);
  return -std::log1p(-random.uniform());
}

std::string_view user_key(const Request& request) {
  return request.user.empty() ? request.id : request.user;
}

double member_weight(const Request& request, std::uint64_t seed, std::size_t member, std::size_t members,
                     bool resample) {
  if (members == 1) return 1;
  const double weight = resample ? bootstrap_weight(seed, static_cast<int>(member), user_key(request)) : 1.0;
  return weight / static_cast<double>(members);
}

MemberMoments member_moments(std::span<const at::Tensor> members) {
  require(!members.empty(), "an ensemble without members has no mean");
  if (members.size() == 1) return {members.front(), {}};
  return {mean_of(members), at::sqrt(member_covariance(members, members))};
}

at::Tensor spread_parts(std::span<const at::Tensor> parts, std::span<const at::Tensor> sums) {
  const at::Tensor sd = at::sqrt(member_covariance(sums, sums));
  const at::Tensor covariance = member_covariance(parts, sums);
  return at::where(sd > 0, covariance / sd, at::zeros_like(covariance));
}

}  // namespace pagewright
