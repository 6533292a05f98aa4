#pragma once
// The coarse reward: one number for a page, learnt from what users did on shown pages.
//
// Utility form: heads at every slot, in the page's own causal context, predict P(click_k | x, y_<=k) and
// P(purchase_k | click_k, x, y_<=k). The score is the page's expected gain
//   R_P(x, y) = sum_k P(click_k) (w_c + w_b P(purchase_k | click_k) (price_k / price_ref)^w_m).
// Examination is part of what a page does, so nothing is debiased here.
// Pairs form: a head at the page end, Bradley-Terry on page pairs (Bradley and Terry 1952), with confidence
// omega, label smoothing eps, margin m and a penalty that centres the scores:
//   L = -omega [ (1-eps) log s(D) + eps log s(-D) ] + c_reg (r+ + r-)^2,  D = r+ - r- - m.

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "rewards/models/page_batch.hpp"
#include "rewards/models/reward_config.hpp"
#include "rewards/models/reward_model.hpp"

namespace pagewright {

inline constexpr const char* kClickHead = "click";
inline constexpr const char* kPurchaseHead = "purchase";
inline constexpr const char* kPageHead = "page";

/// Heads that a form needs.
std::vector<std::string> page_model_heads(PageModelForm form);

/// What a slot's click and purchase are worth: gain = click * P(click) + purchase * P(click) P(purchase |
/// click).
struct SlotValue {
  float click = 0;
  float purchase = 0;
};
/// Values of all slots of a page in page order, [K].
std::vector<SlotValue> slot_values(const GainWeights& gains, const Request& request, const Page& page);

struct PageModelOutputs {
  at::Tensor page;            ///< [pages] score
  at::Tensor slots;           ///< [S] expected gain of each slot; undefined for the pairs form
  at::Tensor click_logit;     ///< [S]; undefined for the pairs form
  at::Tensor purchase_logit;  ///< [S]; undefined for the pairs form
};
/// `values` are the slots' values, [S], unused by the pairs form.
PageModelOutputs page_model_forward(const WeightsView& weights, PageModelForm form, const PageBatch& batch,
                                    std::span<const SlotValue> values);

/// Observed feedback of the slots, [S] each, 0 or 1.
struct SlotLabels {
  std::vector<float> clicked;
  std::vector<float> purchased;
};
/// Sum over slots of the binary cross-entropies of click, and of purchase where clicked: a scalar.
at::Tensor utility_loss(const PageModelOutputs& outputs, const SlotLabels& labels);

}  // namespace pagewright
