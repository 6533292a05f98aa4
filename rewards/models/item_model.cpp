#include "rewards/models/item_model.hpp"

#include <ATen/TensorOperators.h>

#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/pairwise_loss.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

ItemModelOutputs item_model_forward(const WeightsView& weights, const PageBatch& batch) {
  ItemModelOutputs outputs;
  const at::Tensor hidden = hidden_states(weights, batch.packed.batch);
  outputs.slots = scalar_head(weights, kItemHead, hidden, batch.slot_row);
  std::vector<float> discounts;
  for (std::size_t page = 0; page + 1 < batch.slot_offsets.size(); ++page)
    for (int k = 0; k < batch.slot_offsets[page + 1] - batch.slot_offsets[page]; ++k)
      discounts.push_back(static_cast<float>(slot_discount(k)));
  outputs.discounted = sum_by_page(outputs.slots * tensor_like(discounts, outputs.slots), batch);
  return outputs;
}

at::Tensor swap_loss(const ItemModelOutputs& outputs, std::span<const SwapInBatch> swaps) {
  std::vector<std::int64_t> original, swapped;
  std::vector<float> sign;
  std::vector<double> weight;
  for (const SwapInBatch& swap : swaps) {
    original.push_back(swap.original);
    swapped.push_back(swap.swapped);
    sign.push_back(swap.sign);
    weight.push_back(swap.weight);
  }
  const at::Tensor original_scores = select_values(outputs.discounted, original);
  const at::Tensor swapped_scores = select_values(outputs.discounted, swapped);
  const at::Tensor terms =
      swap_loss_terms(original_scores, swapped_scores, tensor_like(sign, original_scores));
  return weighted_sum(terms, weight);
}

at::Tensor position_penalty(const ItemModelOutputs& outputs, const PageBatch& batch,
                            std::span<const SwapInBatch> swaps) {
  std::vector<std::int64_t> here, there;  // the same item on the page as logged and on the swapped one
  std::vector<double> weight;
  const auto add = [&](const SwapInBatch& swap, int slot, int other) {
    here.push_back(batch.slot_offsets[static_cast<std::size_t>(swap.original)] + slot);
    there.push_back(batch.slot_offsets[static_cast<std::size_t>(swap.swapped)] + other);
    weight.push_back(swap.weight);
  };
  for (const SwapInBatch& swap : swaps) {
    add(swap, swap.i, swap.j);
    add(swap, swap.j, swap.i);
  }
  const at::Tensor moved = select_values(outputs.slots, here) - select_values(outputs.slots, there);
  return weighted_sum(moved * moved, weight);
}

}  // namespace pagewright
