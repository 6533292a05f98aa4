#pragma once
// The page model's running expected gain as a potential that shapes the reward.

#include "core/rl/potential_shaping.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

/// Pays nothing: `slots_raw` is what each slot adds to the potential, its expected gain less the mean at that
/// slot, in standard deviations of the page score under the reference policy. The learners shape by it
/// (core/rl/potential_shaping.hpp). Needs a page model that says what slots are worth.
class PotentialTerm : public RewardTerm {
 public:
  PotentialTerm(LearnedTermContext context, WeightsView weights, PageModelForm form, GainWeights gains);
  std::string name() const override { return kPotentialTerm; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  LearnedTermContext context_;
  WeightsView weights_;
  PageModelForm form_;
  GainWeights gains_;
};

}  // namespace pagewright
