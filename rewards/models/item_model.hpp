#pragma once
// The fine reward: a score per slot, learnt from engagement-sensitive position swaps.
//
// s_k is read in a causal decoder at the slot's item token. With d_k = 1/log2(k+1) (k from 1), R_I(y) = sum_k
// d_k s_k, and y^(i<->j) the page with the items of slots i < j swapped, both pages evaluated:
//   L_I = - omega |d_i - d_j| |g_i - g_j| log s( sgn(g_i - g_j) [ R_I(y) - R_I(y^(i<->j)) ] ).
// If s depends on the item alone, the difference is (d_i - d_j)(s(a_i) - s(a_j)): a LambdaRank-like loss
// (Burges 2006).

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "rewards/models/page_batch.hpp"

namespace pagewright {

inline constexpr const char* kItemHead = "item";

struct ItemModelOutputs {
  at::Tensor slots;       ///< [S] s_k
  at::Tensor discounted;  ///< [pages] R_I = sum_k d_k s_k
};
ItemModelOutputs item_model_forward(const WeightsView& weights, const PageBatch& batch);

/// One swap in a batch: the page as logged, the page with two slots swapped, and which of them should score
/// higher.
struct SwapInBatch {
  std::int64_t original = 0;  ///< page ordinals in the batch
  std::int64_t swapped = 0;
  float sign = 1;    ///< +1 if the original is the better one
  float weight = 0;  ///< omega |d_i - d_j| |g_i - g_j|
};
/// Weighted sum over swaps: a scalar.
at::Tensor swap_loss(const ItemModelOutputs& outputs, std::span<const SwapInBatch> swaps);

}  // namespace pagewright
