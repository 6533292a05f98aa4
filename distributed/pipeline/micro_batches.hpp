#pragma once
// How a lane's requests of a mini-batch are cut into micro-batches, and how large those are.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/ppo_config.hpp"

namespace pagewright {

/// Positions of a request in a packed batch: its prompt once, and each page's tokens but the last, which is
/// no input. There is no padding.
std::int64_t packed_tokens(const LearningRequest& request);
/// Positions if each page had a prompt of its own.
std::int64_t unshared_tokens(const LearningRequest& request);

/// The cut of one lane: micro-batch i is requests [borders[i], borders[i + 1]).
struct MicroBatchCut {
  std::vector<std::size_t> borders{0};  ///< [micro-batches + 1]
  std::int64_t largest = 0;             ///< positions of the largest micro-batch

  int count() const { return static_cast<int>(borders.size()) - 1; }
  /// Empty past the last.
  std::span<const LearningRequest* const> part(std::span<const LearningRequest* const> requests,
                                               int micro_batch) const;
};

/// Cuts in order, by the configuration and these requests alone: `micro_batch` requests each; or as many as
/// `micro_batch_tokens` positions hold, a request that is larger by itself; or, with neither, all at once.
MicroBatchCut cut_micro_batches(const PpoConfig& config, std::span<const LearningRequest* const> requests);

}  // namespace pagewright
