#include "launch/reward_setup.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "launch/line_up.hpp"
#include "rewards/credit/potential_term.hpp"
#include "rewards/credit/swap_term.hpp"
#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rewards/terms/oracle_term.hpp"
#include "rewards/terms/term_list.hpp"

namespace pagewright {

RewardSetup::RewardSetup(Workbench& bench, const PolicyVariant& variant)
    : form_(variant.page_form),
      fitted_(load_rewards(bench, form_)),
      world_(bench.experiment().oracle_weight != 0 ? world_of_log(bench.experiment()) : nullptr) {
  const Experiment& experiment = bench.experiment();
  const GainWeights gains = gain_weights(experiment.rewards.gains, bench.log());
  const LearnedTermContext context{bench.language().vocabulary(), fitted_.scale, bench.pool()};
  const ItemCredit credit = variant.item_credit;
  if (variant.alpha > 0)
    terms_.push_back({std::make_shared<LearnedPageTerm>(context, fitted_.page.view(), form_, gains, credit,
                                                        experiment.watch.clipped > 0),
                      variant.alpha});
  if (variant.alpha < 1 && credit == ItemCredit::swap)
    terms_.push_back({std::make_shared<SwapCreditTerm>(context, bench.language(), fitted_.page.view(), form_,
                                                       gains, experiment.rewards.swap, experiment.seed),
                      1 - variant.alpha});
  else if (variant.alpha < 1)
    terms_.push_back({std::make_shared<LearnedItemTerm>(context, fitted_.item.view()), 1 - variant.alpha});
  if (experiment.ppo.shaping > 0)
    terms_.push_back({std::make_shared<PotentialTerm>(context, fitted_.page.view(), form_, gains), 0});
  if (experiment.diversity_weight != 0)
    terms_.push_back({std::make_shared<DiversityTerm>(), experiment.diversity_weight});
  if (experiment.oracle_weight != 0) {
    require(world_ != nullptr, "rewards.oracle needs a simulated log; {} is none", experiment.log.string());
    terms_.push_back({std::make_shared<OracleTerm>(*world_, gains), experiment.oracle_weight});
  }
  if (!experiment.terms.empty()) check_terms(experiment.terms, bench.log());
  std::ranges::move(make_terms(experiment.terms, bench.language().schema()), std::back_inserter(terms_));
}

}  // namespace pagewright
