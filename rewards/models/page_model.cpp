#include "rewards/models/page_model.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/sigmoid.h>

#include "core/base/error.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

std::vector<std::string> page_model_heads(PageModelForm form) {
  if (form == PageModelForm::pairs) return {kPageHead};
  return {kClickHead, kPurchaseHead};
}

std::vector<SlotValue> slot_values(const GainWeights& gains, const Request& request, const Page& page) {
  std::vector<SlotValue> values;
  for (std::int32_t item : page.items()) {
    const auto& price = request.candidates.at(static_cast<std::size_t>(item)).price;
    const double purchase = price ? gains.purchase_gain(static_cast<double>(*price)) : gains.purchase;
    values.push_back({static_cast<float>(gains.click), static_cast<float>(purchase)});
  }
  return values;
}

namespace {

at::Tensor expected_gain(const at::Tensor& click_logit, const at::Tensor& purchase_logit,
                         std::span<const SlotValue> values) {
  std::vector<float> click, purchase;
  for (const SlotValue& value : values) {
    click.push_back(value.click);
    purchase.push_back(value.purchase);
  }
  const at::Tensor w_click = tensor_like(click, click_logit);
  const at::Tensor w_purchase = tensor_like(purchase, click_logit);
  return at::sigmoid(click_logit) * (w_click + w_purchase * at::sigmoid(purchase_logit));
}

}  // namespace

PageModelOutputs page_model_forward(const WeightsView& weights, PageModelForm form, const PageBatch& batch,
                                    std::span<const SlotValue> values) {
  const at::Tensor hidden = hidden_states(weights, batch.packed.batch);
  PageModelOutputs outputs;
  if (form == PageModelForm::pairs) {
    outputs.page = scalar_head(weights, kPageHead, hidden, batch.page_row);
    return outputs;
  }
  require(values.size() == batch.slot_row.size(), "page model: {} slot values for {} slots", values.size(),
          batch.slot_row.size());
  outputs.click_logit = scalar_head(weights, kClickHead, hidden, batch.slot_row);
  outputs.purchase_logit = scalar_head(weights, kPurchaseHead, hidden, batch.slot_row);
  outputs.slots = expected_gain(outputs.click_logit, outputs.purchase_logit, values);
  outputs.page = sum_by_page(outputs.slots, batch);
  return outputs;
}

at::Tensor utility_loss(const PageModelOutputs& outputs, const SlotLabels& labels) {
  const at::Tensor clicked = tensor_like(labels.clicked, outputs.click_logit);
  const at::Tensor purchased = tensor_like(labels.purchased, outputs.click_logit);
  const at::Tensor click_loss =
      at::binary_cross_entropy_with_logits(outputs.click_logit, clicked, {}, {}, at::Reduction::None);
  const at::Tensor purchase_loss = at::binary_cross_entropy_with_logits(
      outputs.purchase_logit, purchased, /*weight=*/clicked, {}, at::Reduction::None);
  return weighted_sum(click_loss + purchase_loss, std::vector<double>(labels.clicked.size(), 1.0));
}

}  // namespace pagewright
