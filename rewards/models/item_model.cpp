#include "rewards/models/item_model.hpp"

#include <ATen/TensorOperators.h>

#include "core/base/error.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/pairwise_loss.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

std::vector<ItemModelOutputs> item_model_members(const WeightsView& weights, const PageBatch& batch) {
  const at::Tensor hidden = hidden_states(weights, batch.packed.batch);
  std::vector<float> discounts;
  for (std::size_t page = 0; page + 1 < batch.slot_offsets.size(); ++page)
    for (int k = 0; k < batch.slot_offsets[page + 1] - batch.slot_offsets[page]; ++k)
      discounts.push_back(static_cast<float>(slot_discount(k)));
  std::vector<ItemModelOutputs> members;
  const int count = ensemble_size(weights.config(), kItemHead);
  for (int member = 0; member < count; ++member) {
    ItemModelOutputs& outputs = members.emplace_back();
    outputs.slots = scalar_head(weights, member_head(kItemHead, member), hidden, batch.slot_row);
    outputs.discounted = sum_by_page(outputs.slots * tensor_like(discounts, outputs.slots), batch);
  }
  return members;
}

ItemModelOutputs mean_of_members(std::span<const ItemModelOutputs> members) {
  require(!members.empty(), "the model lacks the head of an item model");
  if (members.size() == 1) return members.front();
  std::vector<at::Tensor> slots, discounted;
  for (const ItemModelOutputs& member : members) {
    slots.push_back(member.slots);
    discounted.push_back(member.discounted);
  }
  const MemberMoments moments = member_moments(slots);
  return {moments.mean, member_moments(discounted).mean, moments.spread};
}

ItemModelOutputs item_model_forward(const WeightsView& weights, const PageBatch& batch) {
  return mean_of_members(item_model_members(weights, batch));
}

SwapScores full_swap_scores(const ItemModelOutputs& outputs, std::span<const SwapInBatch> swaps) {
  std::vector<std::int64_t> original, swapped;
  for (const SwapInBatch& swap : swaps) {
    original.push_back(swap.original);
    swapped.push_back(swap.swapped);
  }
  return {select_values(outputs.discounted, original), select_values(outputs.discounted, swapped)};
}

SwapScores order_free_swap_scores(const ItemModelOutputs& outputs, const PageBatch& batch,
                                  std::span<const SwapInBatch> swaps) {
  std::vector<std::int64_t> first, second;
  std::vector<float> first_discount, second_discount;
  for (const SwapInBatch& swap : swaps) {
    const std::int32_t begin = batch.slot_offsets[static_cast<std::size_t>(swap.original)];
    first.push_back(begin + swap.i);
    second.push_back(begin + swap.j);
    first_discount.push_back(static_cast<float>(slot_discount(swap.i)));
    second_discount.push_back(static_cast<float>(slot_discount(swap.j)));
  }
  const at::Tensor s_i = select_values(outputs.slots, first), s_j = select_values(outputs.slots, second);
  const at::Tensor d_i = tensor_like(first_discount, s_i), d_j = tensor_like(second_discount, s_i);
  return {d_i * s_i + d_j * s_j, d_i * s_j + d_j * s_i};
}

at::Tensor swap_loss(const SwapScores& scores, std::span<const SwapInBatch> swaps) {
  std::vector<float> sign;
  std::vector<double> weight;
  for (const SwapInBatch& swap : swaps) {
    sign.push_back(swap.sign);
    weight.push_back(swap.weight);
  }
  const at::Tensor terms =
      swap_loss_terms(scores.original, scores.swapped, tensor_like(sign, scores.original));
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
