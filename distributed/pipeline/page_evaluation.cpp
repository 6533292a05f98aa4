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

void evaluate_old_request(const WeightsView& weights, const LayoutVocabulary& vocabulary,
                          LearningRequest& request) {
  const LearningRequest* single[] = {&request};
  const PageEvaluation evaluation = evaluate_pages(weights, vocabulary, single);
  const std::vector<float> log_probs = float_values(evaluation.log_probs),
                           values = float_values(evaluation.values);
  std::ptrdiff_t begin = 0;
  for (LearningPage& page : request.pages) {
    const std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(page.trajectory.tokens.size());
    page.old_log_probs.assign(log_probs.begin() + begin, log_probs.begin() + end);
    page.old_values.assign(values.begin() + begin, values.begin() + end);
    begin = end;
  }
}

}  // namespace

PageEvaluation evaluate_pages(const WeightsView& weights, const LayoutVocabulary& vocabulary,
                              std::span<const LearningRequest* const> requests) {
  std::vector<PackedRequest> to_pack;
  for (const LearningRequest* request : requests) {
    PackedRequest packed{&request->prompt, {}, {}};
    for (const LearningPage& page : request->pages) {
      packed.responses.emplace_back(page.trajectory.tokens);
      packed.masks.push_back(&page.masks);
    }
    to_pack.push_back(std::move(packed));
  }
  const PackedBatch packed = pack(vocabulary, to_pack, /*with_last_token=*/false);
  const at::Tensor hidden = hidden_states(weights, packed.batch);
  LayoutLogProbs scored = layout_log_probs(weights, hidden, packed.targets);
  return {scored.log_prob, scored.entropy, scalar_head(weights, "value", hidden, packed.targets.row)};
}

void evaluate_old(const WeightsView& weights, const LayoutVocabulary& vocabulary, Experience& experience,
                  LanePool& pool) {
  pool.run(static_cast<int>(experience.requests.size()), [&](int job) {
    const at::NoGradGuard no_gradients;
    evaluate_old_request(weights, vocabulary, experience.requests[static_cast<std::size_t>(job)]);
  });
}

}  // namespace pagewright
