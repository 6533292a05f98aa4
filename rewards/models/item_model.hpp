#pragma once
// The fine reward: a score per slot, learnt from engagement-sensitive position swaps.
//
// s_k is read in a causal decoder at the slot's item token. With d_k = 1/log2(k+1) (k from 1), R_I(y) = sum_k
// d_k s_k, and y^(i<->j) the page with the items of slots i < j swapped, both pages evaluated:
//   L_I = - omega |d_i - d_j| |g_i - g_j| log s( sgn(g_i - g_j) [ R_I(y) - R_I(y^(i<->j)) ] ).
// omega is the pair's confidence; with `weight: ndcg` the weight is divided by the page's ideal DCG, sum_k
// d_k g_(k) over gains in falling order, so that |d_i - d_j| |g_i - g_j| becomes the change of NDCG. If s
// depends on the item alone, the difference is (d_i - d_j)(s(a_i) - s(a_j)): a LambdaRank-like loss (Burges
// 2006). The order-free form takes that difference from the scores on the page as logged, and never evaluates
// the swapped page; the full form evaluates both.
//
// Note [Position penalty]
// Swaps alone do not say what a slot's score means. A swap keeps the set of items, so s_k(a) + u(a) / d_k
// gives both pages the same sum of u more, for any u: deep slots, with small d_k, may end up with scores that
// fall with attraction. So the score of an item is tied to itself at the other place of the swap:
//   + c omega |d_i - d_j| |g_i - g_j| [ (s_i(y) - s_j(y^(i<->j)))^2 + (s_j(y) - s_i(y^(i<->j)))^2 ],
// and d_k says what a place is worth. In the simulated shop this lifts the correlation with true attraction
// on random pages from .44 to .51 (ours; not in the paper).

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "rewards/models/page_batch.hpp"

namespace pagewright {

inline constexpr const char* kItemHead = "item";

struct ItemModelOutputs {
  at::Tensor slots;        ///< [S] s_k
  at::Tensor discounted;   ///< [pages] R_I = sum_k d_k s_k
  at::Tensor slot_spread;  ///< [S] deviation of s_k over members (Note [Head ensembles]); undefined for one
};
/// The outputs of each member.
std::vector<ItemModelOutputs> item_model_members(const WeightsView& weights, const PageBatch& batch);
/// Their mean, and their disagreement.
ItemModelOutputs mean_of_members(std::span<const ItemModelOutputs> members);
ItemModelOutputs item_model_forward(const WeightsView& weights, const PageBatch& batch);

/// One swap in a batch: the page as logged, the page with two slots swapped, and which of them should score
/// higher.
struct SwapInBatch {
  std::int64_t original = 0;  ///< page ordinals in the batch
  std::int64_t swapped = 0;   ///< not looked at by the order-free form
  float sign = 1;             ///< +1 if the original is the better one
  float weight = 0;           ///< omega |d_i - d_j| |g_i - g_j|
  int i = 0;                  ///< page-order slots that were swapped
  int j = 0;
};
/// Scores of both pages of each swap, [swaps] each: what they have in common may be left out.
struct SwapScores {
  at::Tensor original, swapped;
};
/// R_I of both pages.
SwapScores full_swap_scores(const ItemModelOutputs& outputs, std::span<const SwapInBatch> swaps);
/// From the page as logged: d_i s_i + d_j s_j, and d_i s_j + d_j s_i.
SwapScores order_free_swap_scores(const ItemModelOutputs& outputs, const PageBatch& batch,
                                  std::span<const SwapInBatch> swaps);
/// Weighted sum over swaps: a scalar.
at::Tensor swap_loss(const SwapScores& scores, std::span<const SwapInBatch> swaps);
/// Weighted sum over swaps of the squared differences of Note [Position penalty], without c: a scalar.
at::Tensor position_penalty(const ItemModelOutputs& outputs, const PageBatch& batch,
                            std::span<const SwapInBatch> swaps);

}  // namespace pagewright
