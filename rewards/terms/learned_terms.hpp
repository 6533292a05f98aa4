#pragma once
// The two learned rewards as terms: the page model's score at the page end, the item model's scores on the
// item tokens.

#include <memory>

#include "core/base/parallel.hpp"
#include "core/model/weights_view.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/models/reward_config.hpp"
#include "rewards/models/reward_scale.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// What both learned terms need; references must outlive the terms.
struct LearnedTermContext {
  const LayoutVocabulary& vocabulary;
  const RewardScale& normaliser;
  LanePool& pool;
};

/// Page scores of all pages, group by group, read as `context.normaliser` says (calibration, pessimism),
/// before normalisation.
std::vector<PageScores> score_pages(const LearnedTermContext& context, const WeightsView& weights,
                                    PageModelForm form, const GainWeights& gains,
                                    std::span<const RequestPages> groups);
/// Item scores s_k of all pages, group by group, read so as well.
std::vector<PageScores> score_items(const LearnedTermContext& context, const WeightsView& weights,
                                    std::span<const RequestPages> groups);

class LearnedPageTerm : public RewardTerm {
 public:
  /// With ItemCredit::utility the score is paid slot by slot, where it arises; its sum is the unclipped page
  /// score. With `report_clipped` the figure `clipped` is 1 for a page whose score is cut.
  LearnedPageTerm(LearnedTermContext context, WeightsView weights, PageModelForm form, GainWeights gains,
                  ItemCredit credit, bool report_clipped = false);
  std::string name() const override { return "page"; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  LearnedTermContext context_;
  WeightsView weights_;
  PageModelForm form_;
  GainWeights gains_;
  ItemCredit credit_;
  bool report_clipped_;
};

class LearnedItemTerm : public RewardTerm {
 public:
  LearnedItemTerm(LearnedTermContext context, WeightsView weights);
  std::string name() const override { return "item"; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  LearnedTermContext context_;
  WeightsView weights_;
};

}  // namespace pagewright
