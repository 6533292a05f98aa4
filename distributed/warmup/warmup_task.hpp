#pragma once
// The warm-up as a supervised task: likelihood of target pages under the grammar.

#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "distributed/supervised/supervised_task.hpp"
#include "distributed/warmup/warmup_examples.hpp"

namespace pagewright {

/// References must outlive the task.
class WarmupTask : public SupervisedTask {
 public:
  WarmupTask(const PageLanguage& language, const FeedbackLog& log, std::vector<WarmupExample> train,
             std::vector<WarmupExample> held_out, double unengaged_weight, LanePool& pool);

  std::string name() const override { return "warm-up"; }
  std::int64_t examples() const override { return static_cast<std::int64_t>(train_.size()); }
  void begin_epoch(int epoch) override { epoch_ = epoch; }
  double weight(std::int64_t example) const override { return weights_[static_cast<std::size_t>(example)]; }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override;
  /// Mean negative log-likelihood per token, nats; every token counts the same.
  double held_out_loss(const WeightsView& weights) override;

 private:
  /// -sum_t w_t log p(token_t) over the examples.
  at::Tensor weighted_loss(const WeightsView& weights, std::span<const WarmupExample* const> examples,
                           double unengaged_weight, std::uint64_t order_key) const;

  /// Sum of the weights of the example's tokens.
  double token_weight(const WarmupExample& example, double unengaged_weight) const;

  const PageLanguage& language_;
  const FeedbackLog& log_;
  std::vector<WarmupExample> train_;
  std::vector<WarmupExample> held_out_;
  std::vector<double> weights_;  // [examples] summed token weights
  double held_out_tokens_ = 0;
  double unengaged_weight_;
  LanePool& pool_;
  int epoch_ = 0;
};

}  // namespace pagewright
