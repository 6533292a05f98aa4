#pragma once
// The warm-up as a supervised task: weighted likelihood of target pages under the grammar.

#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "distributed/supervised/supervised_task.hpp"
#include "distributed/warmup/warmup_lesson.hpp"

namespace pagewright {

/// An example is a logged page; what it teaches is drawn anew each epoch (warmup_lesson). References must
/// outlive the task.
class WarmupTask : public SupervisedTask {
 public:
  WarmupTask(const PageLanguage& language, const FeedbackLog& log, std::vector<WarmupExample> train,
             std::vector<WarmupExample> held_out, const WarmupConfig& config, std::uint64_t seed,
             LanePool& pool);

  std::string name() const override { return "warm-up"; }
  std::int64_t examples() const override { return static_cast<std::int64_t>(train_.size()); }
  void begin_epoch(int epoch) override;
  /// Sum of the weights of the example's tokens.
  double weight(std::int64_t example) const override { return weights_[static_cast<std::size_t>(example)]; }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override;
  /// Mean negative log-likelihood, nats per unit of token weight: what is minimised.
  std::optional<double> held_out_loss(const WeightsView& weights) override;

 private:
  std::vector<WarmupLesson> lessons_of(const std::vector<WarmupExample>& examples, std::uint64_t epoch) const;
  const Request& request_of(const WarmupExample& example) const;
  /// -sum_t w_t log p(token_t) over the chosen examples with their lessons.
  at::Tensor weighted_loss(const WeightsView& weights, const std::vector<WarmupExample>& examples,
                           const std::vector<WarmupLesson>& lessons, std::span<const std::int64_t> chosen,
                           std::uint64_t order_key) const;

  const PageLanguage& language_;
  const FeedbackLog& log_;
  std::vector<WarmupExample> train_;
  std::vector<WarmupExample> held_out_;
  WarmupConfig config_;
  std::uint64_t seed_;
  LanePool& pool_;
  int epoch_ = 0;
  std::vector<WarmupLesson> lessons_;           ///< [examples] of this epoch
  std::vector<WarmupLesson> held_out_lessons_;  ///< [held-out examples]
  std::vector<double> weights_;                 ///< [examples] summed token weights of this epoch
  double held_out_weight_ = 0;
};

}  // namespace pagewright
