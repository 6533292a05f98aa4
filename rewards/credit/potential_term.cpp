#include "rewards/credit/potential_term.hpp"

#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

PotentialTerm::PotentialTerm(LearnedTermContext context, WeightsView weights, PageModelForm form,
                             GainWeights gains)
    : context_(context), weights_(std::move(weights)), form_(form), gains_(gains) {
  require(form_ != PageModelForm::pairs,
          "ppo.shaping needs a page model that says what each slot is worth: take form utility or both, or "
          "set ppo.shaping to 0");
}

std::vector<TermScore> PotentialTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const PageScores& scores : score_pages(context_, weights_, form_, gains_, groups)) {
    TermScore& term = result.emplace_back();
    term.name = name();
    term.slots_raw = context_.normaliser.slot_gains(scores.slots);
  }
  return result;
}

}  // namespace pagewright
