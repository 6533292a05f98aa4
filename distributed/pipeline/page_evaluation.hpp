#pragma once
// The one evaluation of pages by the learner: old log-probs and the update's new ones come from here.

#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "core/page/vocabulary.hpp"
#include "distributed/pipeline/experience.hpp"

namespace pagewright {

/// Per token of the given requests' pages, in request, sample, token order: [R].
struct PageEvaluation {
  at::Tensor log_probs;
  at::Tensor entropy;  ///< nats
  at::Tensor values;   ///< V before the token; undefined if the model has no value head
};
PageEvaluation evaluate_pages(const WeightsView& weights, const LayoutVocabulary& vocabulary,
                              std::span<const LearningRequest* const> requests);

/// The values alone, [R], of a separate critic.
at::Tensor evaluate_values(const WeightsView& critic, const LayoutVocabulary& vocabulary,
                           std::span<const LearningRequest* const> requests);

/// Step 5: fills old_log_probs and old_values of all pages, lane beside lane, without gradients. Values come
/// from the critic, if there is one, else from the policy's value head.
void evaluate_old(const WeightsView& policy, const std::optional<WeightsView>& critic,
                  const LayoutVocabulary& vocabulary, Experience& experience, LanePool& pool);
inline void evaluate_old(const WeightsView& policy, const LayoutVocabulary& vocabulary,
                         Experience& experience, LanePool& pool) {
  evaluate_old(policy, std::nullopt, vocabulary, experience, pool);
}

}  // namespace pagewright
