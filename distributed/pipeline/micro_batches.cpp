#include "distributed/pipeline/micro_batches.hpp"

#include <algorithm>

namespace pagewright {
namespace {

std::int64_t response_inputs(const LearningRequest& request) {
  std::int64_t inputs = 0;
  for (const LearningPage& page : request.pages) inputs += std::ssize(page.trajectory.tokens) - 1;
  return inputs;
}

}  // namespace

std::int64_t packed_tokens(const LearningRequest& request) {
  return request.prompt.tokens.size() + response_inputs(request);
}

std::int64_t unshared_tokens(const LearningRequest& request) {
  return std::ssize(request.pages) * request.prompt.tokens.size() + response_inputs(request);
}

std::span<const LearningRequest* const> MicroBatchCut::part(std::span<const LearningRequest* const> requests,
                                                            int micro_batch) const {
  if (micro_batch >= count()) return {};
  const auto i = static_cast<std::size_t>(micro_batch);
  return requests.subspan(borders[i], borders[i + 1] - borders[i]);
}

MicroBatchCut cut_micro_batches(const PpoConfig& config, std::span<const LearningRequest* const> requests) {
  MicroBatchCut cut;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::int64_t more = packed_tokens(*requests[i]);
    const std::size_t count = i - cut.borders.back();
    const bool full =
        (config.micro_batch > 0 && count == static_cast<std::size_t>(config.micro_batch)) ||
        (config.micro_batch_tokens > 0 && count > 0 && tokens + more > config.micro_batch_tokens);
    if (full) {
      cut.borders.push_back(i);
      tokens = 0;
    }
    tokens += more;
    cut.largest = std::max(cut.largest, tokens);
  }
  if (!requests.empty()) cut.borders.push_back(requests.size());
  return cut;
}

}  // namespace pagewright
