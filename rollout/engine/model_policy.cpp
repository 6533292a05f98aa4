#include "rollout/engine/model_policy.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "rollout/engine/page_generation.hpp"
#include "rollout/engine/page_scoring.hpp"

namespace pagewright {
namespace {

constexpr int kMostRequestsPerChunk = 32;

/// Runs work(begin, end) over chunks of [0, count) and returns the parts in order.
template <class Result, class Work>
std::vector<Result> in_chunks(LanePool& pool, std::size_t count, int per_chunk, const Work& work) {
  const auto size = static_cast<std::size_t>(per_chunk);
  std::vector<std::vector<Result>> parts((count + size - 1) / size);
  pool.run(static_cast<int>(parts.size()), [&](int chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * size;
    parts[static_cast<std::size_t>(chunk)] = work(begin, std::min(count, begin + size));
  });
  std::vector<Result> all;
  for (std::vector<Result>& part : parts) std::ranges::move(part, std::back_inserter(all));
  return all;
}

}  // namespace

ModelPolicy::ModelPolicy(const PageLanguage& language, std::function<WeightsView()> newest, LanePool& pool,
                         std::string name)
    : language_(language), newest_(std::move(newest)), pool_(pool), name_(std::move(name)) {}

WeightsView ModelPolicy::checked_weights() const {
  WeightsView weights = newest_();
  const ModelConfig& config = weights.config();
  const LayoutVocabulary& vocabulary = language_.vocabulary();
  require(config.vocab_size == vocabulary.size() && config.layout_begin == vocabulary.layout_begin() &&
              config.structure_size == vocabulary.structure_size(),
          "policy {}: the model has {} tokens ({} before the layout, {} structure), the page language {} "
          "({}, {}); schema "
          "and template must be those of the training",
          name_, config.vocab_size, config.layout_begin, config.structure_size, vocabulary.size(),
          vocabulary.layout_begin(), vocabulary.structure_size());
  // The chunks of a call share the transposes, which own kernels want.
  const bool ready = weights.keeps_turned() || takes_operators(weights.at("model.norm.weight"));
  return ready ? weights : weights.keeping_turned();
}

int ModelPolicy::requests_per_chunk(std::size_t requests) const {
  const int threads = std::max(1, pool_.threads());
  const int share = (static_cast<int>(requests) + threads - 1) / threads;
  return std::clamp(share, 1, kMostRequestsPerChunk);
}

std::vector<Trajectory> ModelPolicy::generate(std::span<const KeyedRequest> requests,
                                              const SampleOptions& options) {
  const WeightsView weights = checked_weights();
  return in_chunks<Trajectory>(
      pool_, requests.size(), requests_per_chunk(requests.size()), [&](std::size_t begin, std::size_t end) {
        return PageGeneration(language_, weights, requests.subspan(begin, end - begin), options).pages();
      });
}

std::vector<std::vector<float>> ModelPolicy::log_probs(std::span<const KeyedRequest> requests,
                                                       std::span<const Trajectory> trajectories) {
  require(requests.size() == trajectories.size(), "policy {}: {} requests for {} pages", name_,
          requests.size(), trajectories.size());
  const WeightsView weights = checked_weights();
  return in_chunks<std::vector<float>>(
      pool_, requests.size(), 4 * requests_per_chunk((requests.size() + 3) / 4),
      [&](std::size_t begin, std::size_t end) {
        return page_log_probs(language_, weights, requests.subspan(begin, end - begin),
                              trajectories.subspan(begin, end - begin));
      });
}

std::vector<std::vector<double>> ModelPolicy::first_slot_scores(std::span<const KeyedRequest> requests) {
  const WeightsView weights = checked_weights();
  return in_chunks<std::vector<double>>(
      pool_, requests.size(), requests_per_chunk(requests.size()), [&](std::size_t begin, std::size_t end) {
        return PageGeneration(language_, weights, requests.subspan(begin, end - begin), {})
            .first_slot_scores();
      });
}

}  // namespace pagewright
