#include "distributed/pipeline/page_evaluation.hpp"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "core/iteration/pack.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {
namespace {

/// Requests that are evaluated at once where ATen's operators run: one alone would leave a device idle.
constexpr std::size_t kRequestsOnDevice = 16;

void evaluate_old_requests(const WeightsView& policy, const std::optional<WeightsView>& critic,
                           const LayoutVocabulary& vocabulary, std::span<LearningRequest> requests) {
  std::vector<const LearningRequest*> pointers;
  for (const LearningRequest& request : requests) pointers.push_back(&request);
  const PageEvaluation evaluation = evaluate_pages(policy, vocabulary, pointers);
  const std::vector<float> log_probs = floats_on_host(evaluation.log_probs);
  const std::vector<float> values =
      floats_on_host(critic ? evaluate_values(*critic, vocabulary, pointers) : evaluation.values);
  std::ptrdiff_t begin = 0;
  for (LearningRequest& request : requests)
    for (LearningPage& page : request.pages) {
      const std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(page.trajectory.tokens.size());
      page.old_log_probs.assign(log_probs.begin() + begin, log_probs.begin() + end);
      page.old_values.assign(values.begin() + begin, values.begin() + end);
      begin = end;
    }
}

PackedBatch pack_pages(const LayoutVocabulary& vocabulary, std::span<const LearningRequest* const> requests) {
  std::vector<PackedRequest> to_pack;
  for (const LearningRequest* request : requests) {
    PackedRequest packed{&request->prompt, {}, {}};
    for (const LearningPage& page : request->pages) {
      packed.responses.emplace_back(page.trajectory.tokens);
      packed.masks.push_back(&page.masks);
    }
    to_pack.push_back(std::move(packed));
  }
  return pack(vocabulary, to_pack, /*with_last_token=*/false);
}

}  // namespace

PageEvaluation evaluate_pages(const WeightsView& weights, const LayoutVocabulary& vocabulary,
                              std::span<const LearningRequest* const> requests) {
  const PackedBatch packed = pack_pages(vocabulary, requests);
  const at::Tensor hidden = hidden_states(weights, packed.batch);
  LayoutLogProbs scored = layout_log_probs(weights, hidden, packed.targets);
  at::Tensor values;
  if (weights.config().value_head) values = scalar_head(weights, "value", hidden, packed.targets.row);
  return {scored.log_prob, scored.entropy, values};
}

at::Tensor evaluate_values(const WeightsView& critic, const LayoutVocabulary& vocabulary,
                           std::span<const LearningRequest* const> requests) {
  const PackedBatch packed = pack_pages(vocabulary, requests);
  return scalar_head(critic, "value", hidden_states(critic, packed.batch), packed.targets.row);
}

void evaluate_old(const WeightsView& policy, const std::optional<WeightsView>& critic,
                  const LayoutVocabulary& vocabulary, Experience& experience, LanePool& pool) {
  const std::span<LearningRequest> all = experience.requests;
  const std::size_t at_once = takes_operators(policy.at("model.norm.weight")) ? kRequestsOnDevice : 1;
  pool.run(static_cast<int>((all.size() + at_once - 1) / at_once), [&](int job) {
    const at::NoGradGuard no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * at_once;
    evaluate_old_requests(policy, critic, vocabulary,
                          all.subspan(begin, std::min(at_once, all.size() - begin)));
  });
}

}  // namespace pagewright
