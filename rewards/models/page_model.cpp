#include "rewards/models/page_model.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/exp.h>

#include "core/base/error.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

namespace {

at::Tensor value_tensor(std::span<const SlotValue> values, float SlotValue::*part, const at::Tensor& like) {
  std::vector<float> parts;
  for (const SlotValue& value : values) parts.push_back(value.*part);
  return tensor_like(parts, like);
}

at::Tensor expected_gain(const PageModelOutputs& member, std::span<const SlotValue> values,
                         const PageCalibration& calibration) {
  const at::Tensor& like = member.click_logit;
  at::Tensor purchase = value_tensor(values, &SlotValue::purchase, like);
  if (member.revenue.defined()) purchase = purchase * at::exp(member.revenue);
  at::Tensor gain = value_tensor(values, &SlotValue::click, like) +
                    purchase * probabilities(member.purchase_logit, calibration.purchase);
  if (member.cart_logit.defined())
    gain = gain +
           value_tensor(values, &SlotValue::cart, like) * probabilities(member.cart_logit, calibration.cart);
  return probabilities(member.click_logit, calibration.click) * gain;
}

/// What the heads of one member say.
PageModelOutputs member_outputs(const WeightsView& weights, int member, const at::Tensor& hidden,
                                const PageBatch& batch) {
  const auto head = [&](const char* name) -> at::Tensor {
    if (ensemble_size(weights.config(), name) <= member) return {};
    return scalar_head(weights, member_head(name, member), hidden, batch.slot_row);
  };
  PageModelOutputs outputs;
  outputs.click_logit = head(kClickHead);
  outputs.purchase_logit = head(kPurchaseHead);
  outputs.cart_logit = head(kCartHead);
  outputs.revenue = head(kRevenueHead);
  return outputs;
}

std::vector<at::Tensor> of_members(std::span<const PageModelOutputs> members,
                                   at::Tensor PageModelOutputs::*part) {
  std::vector<at::Tensor> parts;
  for (const PageModelOutputs& member : members) parts.push_back(member.*part);
  return parts;
}

}  // namespace

PageHeads page_heads(const PageModelConfig& config, const GainConfig& gains) {
  return {gains.cart > 0, config.revenue == RevenueSource::head, config.pair_head == PairHead::slots,
          config.ensemble};
}

std::vector<std::string> page_model_heads(PageModelForm form, const PageHeads& heads) {
  std::vector<std::string> names;
  if (form == PageModelForm::pairs) {
    names = {heads.by_slot ? kPageSlotHead : kPageHead};
  } else {
    names = {kClickHead, kPurchaseHead};
    if (heads.cart) names.emplace_back(kCartHead);
    if (heads.revenue) names.emplace_back(kRevenueHead);
  }
  return ensemble_heads(names, heads.members);
}

std::vector<SlotValue> slot_values(const GainWeights& gains, const Request& request, const Page& page) {
  std::vector<SlotValue> values;
  for (std::int32_t item : page.items()) {
    const auto& price = request.candidates.at(static_cast<std::size_t>(item)).price;
    const double purchase = price ? gains.purchase_gain(static_cast<double>(*price)) : gains.purchase;
    values.push_back(
        {static_cast<float>(gains.click), static_cast<float>(purchase), static_cast<float>(gains.cart)});
  }
  return values;
}

std::vector<PageModelOutputs> page_model_members(const WeightsView& weights, PageModelForm form,
                                                 const PageBatch& batch, std::span<const SlotValue> values,
                                                 const PageCalibration& calibration) {
  const at::Tensor hidden = hidden_states(weights, batch.packed.batch);
  const bool utility = form != PageModelForm::pairs;
  require(!utility || values.size() == batch.slot_row.size(), "page model: {} slot values for {} slots",
          values.size(), batch.slot_row.size());
  std::vector<PageModelOutputs> members;
  const bool by_slot = ensemble_size(weights.config(), kPageSlotHead) > 0;
  const char* first_head = utility ? kClickHead : by_slot ? kPageSlotHead : kPageHead;
  const int count = ensemble_size(weights.config(), first_head);
  for (int member = 0; member < count; ++member) {
    PageModelOutputs& outputs = members.emplace_back();
    if (!utility && !by_slot) {
      outputs.page = scalar_head(weights, member_head(kPageHead, member), hidden, batch.page_row);
      continue;
    }
    if (utility) {
      outputs = member_outputs(weights, member, hidden, batch);
      outputs.slots = expected_gain(outputs, values, calibration);
    } else {
      outputs.slots = scalar_head(weights, member_head(kPageSlotHead, member), hidden, batch.slot_row);
    }
    outputs.page = sum_by_page(outputs.slots, batch);
  }
  return members;
}

PageModelOutputs page_model_forward(const WeightsView& weights, PageModelForm form, const PageBatch& batch,
                                    std::span<const SlotValue> values, const PageCalibration& calibration) {
  std::vector<PageModelOutputs> members = page_model_members(weights, form, batch, values, calibration);
  require(!members.empty(), "the model lacks the heads of a page model");
  if (members.size() == 1) return std::move(members.front());
  PageModelOutputs outputs;
  const auto pages = of_members(members, &PageModelOutputs::page);
  const MemberMoments page = member_moments(pages);
  outputs.page = page.mean;
  outputs.page_spread = page.spread;
  if (!members.front().slots.defined()) return outputs;
  const auto slots = of_members(members, &PageModelOutputs::slots);
  outputs.slots = member_moments(slots).mean;
  std::vector<at::Tensor> page_of_slot;
  for (const at::Tensor& scores : pages) page_of_slot.push_back(select_values(scores, batch.slot_page));
  outputs.slot_spread = spread_parts(slots, page_of_slot);
  return outputs;
}

at::Tensor utility_loss(const PageModelOutputs& outputs, const SlotLabels& labels,
                        std::span<const double> weights) {
  const at::Tensor& like = outputs.click_logit;
  const at::Tensor clicked = tensor_like(labels.clicked, like);
  const auto where_clicked = [&](const at::Tensor& logit, const std::vector<float>& happened) {
    return at::binary_cross_entropy_with_logits(logit, tensor_like(happened, like), /*weight=*/clicked, {},
                                                at::Reduction::None);
  };
  at::Tensor loss =
      at::binary_cross_entropy_with_logits(outputs.click_logit, clicked, {}, {}, at::Reduction::None) +
      where_clicked(outputs.purchase_logit, labels.purchased);
  if (outputs.cart_logit.defined()) loss = loss + where_clicked(outputs.cart_logit, labels.carted);
  if (outputs.revenue.defined()) {
    std::vector<float> known;
    for (const float revenue : labels.revenue) known.push_back(revenue > 0 ? 1.0F : 0.0F);
    loss = loss + tensor_like(labels.revenue, like) * at::exp(-outputs.revenue) +
           tensor_like(known, like) * outputs.revenue;
  }
  const std::vector<double> ones(weights.empty() ? labels.clicked.size() : 0, 1.0);
  return weighted_sum(loss, weights.empty() ? std::span<const double>(ones) : weights);
}

}  // namespace pagewright
