#include "distributed/pipeline/page_loss.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <ATen/TensorOperators.h>

#include "core/numerics/device_copy.hpp"
#include "core/rl/kl.hpp"
#include "core/rl/policy_loss.hpp"
#include "distributed/pipeline/page_evaluation.hpp"

namespace pagewright {
namespace {

/// Rows of all pages of the lane's share, concatenated [R].
struct LossRows {
  std::vector<float> importance, old_log_probs, old_values, reference, advantages, returns;
  std::vector<std::int64_t> lengths;  // [pages]

  explicit LossRows(std::span<const LearningRequest* const> requests) {
    for (const LearningRequest* request : requests)
      for (const LearningPage& page : request->pages) {
        append(importance, page.importance);
        append(old_log_probs, page.old_log_probs);
        append(old_values, page.old_values);
        append(reference, page.reference_log_probs);
        append(advantages, page.advantages);
        append(returns, page.returns);
        lengths.push_back(static_cast<std::int64_t>(page.trajectory.tokens.size()));
      }
  }
  static void append(std::vector<float>& to, const std::vector<float>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }
};

at::Tensor loss_row(const std::vector<float>& values, const at::Tensor& like) {
  return copy_to_device(values, like.device()).to(like.scalar_type());
}

double weighted_value(const at::Tensor& terms, std::span<const double> weights) {
  return weighted_sum(terms.detach(), weights).item<double>();
}

/// The value loss of tokens, [R]; what was clipped is counted.
at::Tensor counted_value_terms(const PpoConfig& config, const at::Tensor& values, const LossRows& rows,
                               LaneSums& sums) {
  sums["value_tokens"] += static_cast<double>(rows.old_values.size());
  sums["value_clipped"] +=
      clipped_values(floats_on_host(values), rows.old_values, rows.returns, config.clip_value);
  return value_loss_terms(values, loss_row(rows.old_values, values), loss_row(rows.returns, values),
                          config.clip_value);
}

void count_update(const PpoConfig& config, const PageEvaluation& fresh, const LossRows& rows, LaneSums& sums,
                  double& ratio_deviation) {
  const UpdateStatistics statistics =
      update_statistics(floats_on_host(fresh.log_probs), rows.old_log_probs, rows.advantages, config.clip);
  sums["tokens"] += statistics.tokens;
  sums["pages"] += static_cast<double>(rows.lengths.size());
  sums["clipped"] += statistics.clipped;
  sums["old_minus_new"] += statistics.old_minus_new;
  for (const float entropy : floats_on_host(fresh.entropy)) sums["entropy"] += entropy;
  ratio_deviation = std::max(ratio_deviation, statistics.ratio_deviation);
}

}  // namespace

at::Tensor page_loss(const PpoConfig& config, double kl_coefficient, const WeightsView& weights,
                     const LayoutVocabulary& vocabulary, std::span<const LearningRequest* const> requests,
                     const GlobalCounts& counts, LaneSums& sums, double& ratio_deviation) {
  const LossRows rows(requests);
  const PageEvaluation fresh = evaluate_pages(weights, vocabulary, requests);
  const std::vector<double> token_shares = token_weights(config.aggregation, rows.lengths, counts);

  const PolicyLossTerms policy =
      policy_loss_terms(fresh.log_probs, loss_row(rows.old_log_probs, fresh.log_probs),
                        loss_row(rows.advantages, fresh.log_probs), config.clip);
  at::Tensor policy_loss = policy.loss, ratio = policy.ratio;
  if (std::ranges::any_of(rows.importance, [](float weight) { return weight != 1; })) {
    const at::Tensor importance = loss_row(rows.importance, policy.loss);
    policy_loss = policy_loss * importance;
    ratio = ratio * importance;
  }
  at::Tensor terms = policy_loss;
  if (fresh.values.defined()) {
    const at::Tensor value = counted_value_terms(config, fresh.values, rows, sums);
    sums["value_loss"] += weighted_value(value, token_shares);
    terms = terms + config.value_coefficient * value;
  }
  if (config.entropy_coefficient != 0) terms = terms - config.entropy_coefficient * fresh.entropy;
  if (config.kl_in == KlPlace::loss)
    terms = terms + kl_coefficient * kl_loss_terms(config.kl_estimator, fresh.log_probs,
                                                   loss_row(rows.reference, fresh.log_probs), ratio);

  count_update(config, fresh, rows, sums, ratio_deviation);
  sums["policy_loss"] += weighted_value(policy_loss, token_shares);
  return weighted_sum(terms, token_shares);
}

at::Tensor critic_loss(const PpoConfig& config, const WeightsView& critic, const LayoutVocabulary& vocabulary,
                       std::span<const LearningRequest* const> requests, const GlobalCounts& counts,
                       LaneSums& sums) {
  const LossRows rows(requests);
  const at::Tensor values = evaluate_values(critic, vocabulary, requests);
  const std::vector<double> token_shares = token_weights(config.aggregation, rows.lengths, counts);
  const at::Tensor value = counted_value_terms(config, values, rows, sums);
  sums["value_loss"] += weighted_value(value, token_shares);
  return weighted_sum(value, token_shares);
}

}  // namespace pagewright
