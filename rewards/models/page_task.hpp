#pragma once
// Fitting the page model: observed clicks and purchases (utility), page pairs (pairs), or both on one score.

#include <functional>
#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "distributed/supervised/supervised_task.hpp"
#include "rewards/feedback/pair_draw.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/terms/request_pages.hpp"

namespace pagewright {

/// What the task learns from. The pairs, empty for the utility form, must outlive the task.
struct PageTaskData {
  std::vector<FeedbackPage> pages;
  std::span<const PagePair> pairs;
  FamilyWeights family_weights = kEqualFamilies;  ///< lambda_f
};

/// An example is a logged page. With pairs, each example draws one pair an epoch: a family first (of those
/// that have pairs, by the family weights), then a pair of it. Of several members the loss is the mean, and
/// in training each weighs users by bootstrap_weight(). References must outlive the task.
class PageModelTask : public SupervisedTask {
 public:
  PageModelTask(const PageLanguage& language, const FeedbackLog& log, PageTaskData train,
                PageTaskData held_out, const PageModelConfig& config, double label_smoothing,
                GainWeights gains, std::uint64_t seed, LanePool& pool);

  std::string name() const override { return "page model"; }
  std::int64_t examples() const override { return static_cast<std::int64_t>(train_.pages.size()); }
  void begin_epoch(int epoch) override { epoch_ = epoch; }
  double weight(std::int64_t) const override { return 1; }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override;
  /// Mean over held-out pages of the loss that is minimised, pairs drawn as for training.
  std::optional<double> held_out_loss(const WeightsView& weights) override;

 private:
  struct Part {
    const FeedbackPage* page = nullptr;
    const PagePair* pair = nullptr;
  };

  /// The pages of a batch: logged ones with what happened on them, then pairs.
  struct Gathered {
    std::vector<RequestPages> groups;
    std::vector<SlotValue> values;            ///< [S] of all pages
    SlotLabels labels;                        ///< of the logged pages
    std::vector<std::int64_t> better, worse;  ///< [P] page ordinals
  };
  using RequestWeight = std::function<double(std::int64_t request)>;

  const PagePair* draw_pair(const PairDraw& pairs, std::uint64_t epoch, std::int64_t example) const;
  RequestPages encode(std::int64_t request, std::uint64_t epoch,
                      std::initializer_list<const Page*> pages) const;
  /// The groups of a pair's two pages: one for one request, else two.
  std::vector<RequestPages> encode(const PagePair& pair, std::uint64_t epoch) const;
  /// `resample`: members weigh users differently.
  at::Tensor loss_of(const WeightsView& weights, std::span<const Part> parts, std::uint64_t epoch,
                     bool resample) const;
  Gathered gather(std::span<const Part> parts, std::uint64_t epoch) const;
  void add_labels(const FeedbackPage& page, SlotLabels& labels) const;
  at::Tensor member_loss(const PageModelOutputs& member, const Gathered& gathered,
                         std::span<const Part> parts, const RequestWeight& weight) const;
  /// Bradley-Terry of the better and the worse pages' scores, [P] each, and the penalty that centres them.
  at::Tensor pair_loss(const at::Tensor& high, const at::Tensor& low, std::span<const double> omega,
                       std::span<const double> centring) const;

  const PageLanguage& language_;
  const FeedbackLog& log_;
  PageTaskData train_;
  PageTaskData held_out_;
  PairDraw train_pairs_;
  PairDraw held_out_pairs_;
  PageModelConfig config_;
  double label_smoothing_;
  GainWeights gains_;
  std::uint64_t seed_;
  LanePool& pool_;
  int epoch_ = 0;
};

}  // namespace pagewright
