#pragma once
// Fitting the item model: logged pages against themselves with two slots swapped.

#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "distributed/supervised/supervised_task.hpp"
#include "rewards/feedback/pairs.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/reward_config.hpp"
#include "rewards/terms/request_pages.hpp"

namespace pagewright {

/// An example is a logged page with all its swaps (make_swap_pairs); each epoch draws at most `config.swaps`
/// of them, and only such that leave a page that the schema allows: others are never shown. The loss is
/// swap_loss by `config.form` plus, in the full form, `config.position_penalty` times position_penalty; of
/// several members the mean, and in training each weighs users by bootstrap_weight(). References must outlive
/// the task.
class ItemModelTask : public SupervisedTask {
 public:
  ItemModelTask(const PageLanguage& language, const FeedbackLog& log, const std::vector<SwapPair>& train,
                const std::vector<SwapPair>& held_out, const ItemModelConfig& config, std::uint64_t seed,
                LanePool& pool);

  std::string name() const override { return "item model"; }
  std::int64_t examples() const override { return static_cast<std::int64_t>(train_.size()); }
  void begin_epoch(int epoch) override { epoch_ = epoch; }
  double weight(std::int64_t) const override { return 1; }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override;
  /// Mean loss per page.
  std::optional<double> held_out_loss(const WeightsView& weights) override;
  /// Share of held-out swaps whose better page scores higher, of the swaps drawn for held_out_loss().
  double held_out_accuracy() const { return held_out_accuracy_; }
  std::int64_t held_out_swaps() const { return held_out_swaps_; }

 private:
  using PageSwaps = std::vector<SwapPair>;  ///< all of one page
  /// The pages of a batch and their swaps.
  struct Gathered {
    std::vector<RequestPages> groups;
    std::vector<SwapInBatch> swaps;
    std::vector<const Request*> request;  ///< [swaps]
  };

  std::vector<SwapPair> draw_swaps(const PageSwaps& swaps, std::uint64_t epoch) const;
  Gathered gather(std::span<const PageSwaps* const> pages, std::uint64_t epoch) const;
  /// By the configured form.
  SwapScores scores(const ItemModelOutputs& outputs, const PageBatch& batch,
                    std::span<const SwapInBatch> swaps) const;
  /// `resample`: members weigh users differently.
  at::Tensor swap_loss_of(const WeightsView& weights, std::span<const PageSwaps* const> pages,
                          std::uint64_t epoch, bool resample, LaneSums& sums) const;

  const PageLanguage& language_;
  const FeedbackLog& log_;
  std::vector<PageSwaps> train_;
  std::vector<PageSwaps> held_out_;
  ItemModelConfig config_;
  std::uint64_t seed_;
  LanePool& pool_;
  int epoch_ = 0;
  double held_out_accuracy_ = 0;
  std::int64_t held_out_swaps_ = 0;
};

}  // namespace pagewright
