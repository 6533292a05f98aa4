#pragma once
// A reward model: a decoder with scalar heads.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/model/model_config.hpp"

namespace pagewright {

/// The shape of a policy's backbone with other heads: no LM head, the given scalar heads.
ModelConfig reward_model_config(ModelConfig backbone, std::vector<std::string> scalar_heads);

/// A page's scores as a model gives them, before any normalisation.
struct PageScores {
  float page = 0;
  std::vector<float> slots;  ///< [K]
  bool of_ensemble = false;
  /// Of `page`, over an ensemble; the item model's is that of its slots, discounted.
  float page_spread = 0;
  /// [K] of `slots`, over an ensemble: parts of page_spread (page model) or deviations (item model).
  std::vector<float> slot_spread = {};
};

/// Runs `count` pages through `score_chunk` in chunks over the pool's threads, without gradients. Row
/// invariance (core/model) makes the result independent of the chunks.
void for_chunks(LanePool& pool, std::size_t count, std::size_t chunk,
                const std::function<void(std::size_t begin, std::size_t end)>& score_chunk);

}  // namespace pagewright
