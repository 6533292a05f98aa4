#include "distributed/agreement.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>

#include <ATen/ops/empty.h>

namespace pagewright {
namespace {

/// What every rank has [part of the rank], one after the other, on the CPU as it comes.
at::Tensor gathered_on_host(Communicator& group, const at::Tensor& own, Parts parts, std::int64_t total) {
  at::Tensor all = at::empty({total}, own.options().device(group.device()));
  group.all_gather(all, own.to(group.device()), parts)->wait();
  return all.cpu();
}

/// The root's content on every rank, on the CPU as it comes.
at::Tensor broadcast_on_host(Communicator& group, const at::Tensor& tensor, int root) {
  at::Tensor there = tensor.to(group.device());
  group.broadcast(there, root)->wait();
  return there.cpu();
}

}  // namespace

std::vector<std::string> all_gather_bytes(Communicator& group, std::string_view own) {
  if (group.size() == 1) return {std::string(own)};
  const auto ranks = static_cast<std::size_t>(group.size());
  at::Tensor length = at::empty({1}, at::kLong);
  length.mutable_data_ptr<std::int64_t>()[0] = static_cast<std::int64_t>(own.size());
  const at::Tensor lengths = gathered_on_host(group, length, {}, group.size());
  const std::vector<std::int64_t> parts(lengths.const_data_ptr<std::int64_t>(),
                                        lengths.const_data_ptr<std::int64_t>() + ranks);

  at::Tensor input = at::empty({static_cast<std::int64_t>(own.size())}, at::kByte);
  if (!own.empty()) std::memcpy(input.mutable_data_ptr(), own.data(), own.size());
  const at::Tensor output =
      gathered_on_host(group, input, parts, std::accumulate(parts.begin(), parts.end(), std::int64_t{0}));
  std::vector<std::string> all;
  const char* next = static_cast<const char*>(output.const_data_ptr());
  for (const std::int64_t part : parts) {
    all.emplace_back(next, static_cast<std::size_t>(part));
    next += part;
  }
  return all;
}

std::string broadcast_text(Communicator& group, std::string_view text, int root) {
  if (group.size() == 1) return std::string(text);
  at::Tensor length = at::empty({1}, at::kLong);
  if (group.rank() == root)
    length.mutable_data_ptr<std::int64_t>()[0] = static_cast<std::int64_t>(text.size());
  length = broadcast_on_host(group, length, root);
  at::Tensor bytes = at::empty({length.const_data_ptr<std::int64_t>()[0]}, at::kByte);
  if (group.rank() == root && !text.empty()) std::memcpy(bytes.mutable_data_ptr(), text.data(), text.size());
  bytes = broadcast_on_host(group, bytes, root);
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

namespace {

/// The text of what `action` throws; empty if it does not.
std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what()[0] == '\0' ? "unknown error" : error.what();
  }
  return {};
}

}  // namespace

void on_all_ranks(Communicator& group, const std::function<void()>& action) {
  if (group.size() == 1) return action();
  const std::vector<std::string> failures = all_gather_bytes(group, failure_of(action));
  const auto first =
      std::ranges::find_if(failures, [](const std::string& failure) { return !failure.empty(); });
  if (first == failures.end()) return;
  if (std::ranges::count(failures, *first) == group.size()) throw AgreedError(*first, group.size());
  throw AgreedError(fmt::format("rank {}: {}", first - failures.begin(), *first), group.size());
}

void on_first_rank(Communicator& group, const std::function<void()>& action) {
  if (group.size() == 1) return action();
  const std::string failure = broadcast_text(group, group.rank() == 0 ? failure_of(action) : "", 0);
  if (!failure.empty()) throw AgreedError(failure, group.size());
}

void require_equal_on_all_ranks(Communicator& group, std::string_view text, const std::string& what,
                                const std::string& advice) {
  const std::vector<std::string> all = all_gather_bytes(group, text);
  const auto other = std::ranges::find_if(all, [&](const std::string& one) { return one != all.front(); });
  if (other != all.end())
    throw AgreedError(fmt::format("rank {} has {} than rank 0; {}", other - all.begin(), what, advice),
                      group.size());
}

}  // namespace pagewright
