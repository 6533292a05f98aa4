#pragma once
// The coarse reward: one number for a page, learnt from what users did on shown pages.
//
// Utility form: heads at every slot, in the page's own causal context, predict P(click_k | x, y_<=k) and
// P(purchase_k | click_k, x, y_<=k). The score is the page's expected gain
//   R_P(x, y) = sum_k P(click_k) ( w_c + w_cart P(cart_k | click_k) + w_b P(purchase_k | click_k) v_k ).
// v_k is what is paid to the power w_m: (price_k / price_ref)^w_m at the listed price, times e^h_k where a
// revenue head h predicts how much more or less that is (Note [Revenue head]). Examination is part of what a
// page does, so nothing is debiased here.
// Pairs form: a head at the page end, or the sum of a head over the slots; Bradley-Terry on page pairs
// (Bradley and Terry 1952), with confidence omega, label smoothing eps, margin m and a penalty that centres
// the scores:
//   L = -omega [ (1-eps) log s(D) + eps log s(-D) ] + c_reg (r+ + r-)^2,  D = r+ - r- - m.
//
// Note [Revenue head]
// Two parts (Duan, Manning, Morris and Newhouse 1983): whether something is bought, and what is paid then.
// The second is a gamma regression with log link on the ratio q = (paid / listed)^w_m of bought slots,
//   L = q e^-h + h,
// whose minimum is e^h = E[q]: the mean itself, which a regression of log q would miss by half its variance
// (Blough, Madden and Hornbrook 1999). `paid` is in all: pieces times price. Without a listed price it is
// against price_ref; purchases without a known price do not count.

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
inline constexpr const char* kCartHead = "cart";
inline constexpr const char* kRevenueHead = "revenue";
inline constexpr const char* kPageHead = "page";
inline constexpr const char* kPageSlotHead = "page_slot";

/// What a page model has besides the heads that its form needs.
struct PageHeads {
  bool cart = false;     ///< not for the pairs form
  bool revenue = false;  ///< not for the pairs form
  bool by_slot = false;  ///< for the pairs form: kPageSlotHead in the place of kPageHead
  int members = 1;       ///< of Note [Head ensembles]
};
/// Cart head where carts have a gain, the others as configured.
PageHeads page_heads(const PageModelConfig& config, const GainConfig& gains);
/// Names of all heads. Which of them a model has is read from its weights.
std::vector<std::string> page_model_heads(PageModelForm form, const PageHeads& heads = {});

/// What a slot's click and purchase are worth: gain = P(click) (click + cart P(cart | click) + purchase
/// P(purchase | click)), purchase being at the listed price.
struct SlotValue {
  float click = 0;
  float purchase = 0;
  float cart = 0;
};
/// Values of all slots of a page in page order, [K].
std::vector<SlotValue> slot_values(const GainWeights& gains, const Request& request, const Page& page);

struct PageModelOutputs {
  at::Tensor page;   ///< [pages] score
  at::Tensor slots;  ///< [S] expected gain, or part of the score, of each slot; undefined with kPageHead
  at::Tensor click_logit;     ///< [S]; undefined for the pairs form and for the mean of several members
  at::Tensor purchase_logit;  ///< [S]; the same
  at::Tensor cart_logit;      ///< [S]; undefined without a cart head as well
  at::Tensor revenue;         ///< [S] h of Note [Revenue head]; undefined without a revenue head as well
  at::Tensor page_spread;     ///< [pages] deviation of `page` over members; undefined for one member
  at::Tensor slot_spread;     ///< [S] what each slot adds to page_spread (spread_parts); undefined as it is
};
/// The outputs of each member. `values` are the slots' values, [S], unused by the pairs form; probabilities
/// are corrected by `calibration`.
std::vector<PageModelOutputs> page_model_members(const WeightsView& weights, PageModelForm form,
                                                 const PageBatch& batch, std::span<const SlotValue> values,
                                                 const PageCalibration& calibration = {});
/// Their mean, and their disagreement.
PageModelOutputs page_model_forward(const WeightsView& weights, PageModelForm form, const PageBatch& batch,
                                    std::span<const SlotValue> values,
                                    const PageCalibration& calibration = {});

/// Observed feedback of the slots, [S] each: 0 or 1, but `revenue`, which is q of Note [Revenue head] and 0
/// where there is none. Carts and revenue may be empty where no head learns from them.
struct SlotLabels {
  std::vector<float> clicked;
  std::vector<float> purchased;
  std::vector<float> carted = {};
  std::vector<float> revenue = {};
};
/// Sum over slots, weighted by `weights` [S] (empty: 1 each), of the binary cross-entropies of click, and of
/// purchase and cart where clicked, and of the gamma loss of revenue where bought: a scalar.
at::Tensor utility_loss(const PageModelOutputs& outputs, const SlotLabels& labels,
                        std::span<const double> weights = {});

}  // namespace pagewright
