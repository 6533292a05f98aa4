#pragma once
// The swap credit of the page model as a reward term.

#include "rewards/credit/slot_alternatives.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

/// Item-grained: slot k earns its swap credit Delta_k (rewards/credit/swap_credit.hpp) by the page model, in
/// standard deviations of the page score under the reference policy, clipped as that is.
///
/// Note [Swapped pages]
/// A page of K slots has up to K x variants swapped pages. They are scored in one batch with the page itself:
/// the prompt is computed once a request, the slots above the swap once a page (Segment::shared), and only
/// what follows the swap once a variant. The model's rows are those of separate full passes, bit for bit
/// where rows are invariant.
class SwapCreditTerm : public RewardTerm {
 public:
  /// References must outlive the term.
  SwapCreditTerm(LearnedTermContext context, const PageLanguage& language, WeightsView weights,
                 PageModelForm form, GainWeights gains, SwapConfig config, std::uint64_t seed);
  std::string name() const override { return "swap"; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  void score_some(std::span<const RequestPages> groups, std::vector<TermScore>& result) const;

  LearnedTermContext context_;
  const PageLanguage& language_;
  WeightsView weights_;
  PageModelForm form_;
  GainWeights gains_;
  SwapConfig config_;
  std::uint64_t seed_;
};

/// A request's pages, then the alternatives of each, which share the tokens above their slot with it.
/// `alternatives` receives those of each page, [pages][...].
RequestPages with_alternatives(const PageLanguage& language, const RequestPages& group,
                               const SwapConfig& config, std::uint64_t seed,
                               std::vector<std::vector<SlotAlternative>>& alternatives);

}  // namespace pagewright
