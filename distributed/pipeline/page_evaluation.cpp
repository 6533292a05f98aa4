#include "distributed/pipeline/page_evaluation.hpp"

#include <ATen/core/grad_mode.h>

#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"

namespace pagewright {
namespace {

std::vector<float> float_values(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kFloat).contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

void evaluate_old_request(const WeightsView& policy, const std::optional<WeightsView>& critic,
                          const LayoutVocabulary& vocabulary, LearningRequest& request) {
  const LearningRequest* single[] = {&request};
  const PageEvaluation evaluation = evaluate_pages(policy, vocabulary, single);
  const std::vector<float> log_probs = float_values(evaluation.log_probs);
  const std::vector<float> values =
      float_values(critic ? evaluate_values(*critic, vocabulary, single) : evaluation.values);
  std::ptrdiff_t begin = 0;
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
  pool.run(static_cast<int>(experience.requests.size()), [&](int job) {
    const at::NoGradGuard no_gradients;
    evaluate_old_request(policy, critic, vocabulary, experience.requests[static_cast<std::size_t>(job)]);
  });
}

}  // namespace pagewright
