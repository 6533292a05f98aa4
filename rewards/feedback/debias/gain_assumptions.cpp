#include "rewards/feedback/debias/gain_assumptions.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::string source_in_words(const GainConfig& gains) {
  switch (gains.propensities) {
    case PropensitySource::none:
      return "none: every slot counts as looked at";
    case PropensitySource::power:
      return fmt::format("assumed: (k + 1)^-{}", gains.eta);
    case PropensitySource::given:
      return "given in the configuration";
    case PropensitySource::uniform_pages:
      return fmt::format("measured on the pages of policy '{}'", gains.uniform_policy);
    case PropensitySource::click_model:
      return fmt::format("of the click model {}", gains.click_model.value_or("that fit-clicks chose"));
    case PropensitySource::logged:
      return "as logged, of placing an item in its slot";
  }
  fail("gains: unknown source of propensities {}", static_cast<int>(gains.propensities));
}

void add_weighting_assumptions(const GainConfig& gains, std::vector<std::string>& sentences) {
  const PropensitySource source = gains.propensities;
  if (source == PropensitySource::none || source == PropensitySource::power ||
      source == PropensitySource::given)
    sentences.push_back(fmt::format(
        "position propensities are assumed and not measured ({}): gains of low slots are as right as "
        "the assumption",
        source_in_words(gains)));
  if (source == PropensitySource::logged)
    sentences.push_back(
        "logged propensities undo where the logging policy placed an item, as if it had been drawn "
        "uniformly; they "
        "are rare and large where it hardly ever did, and clipping then keeps its choice");
}

}  // namespace

std::string gain_estimator_name(GainEstimator estimator) {
  switch (estimator) {
    case GainEstimator::naive:
      return "naive";
    case GainEstimator::ipw:
      return "ipw";
    case GainEstimator::self_normalised:
      return "self_normalised";
    case GainEstimator::regression_em:
      return "regression_em";
    case GainEstimator::dla:
      return "dla";
    case GainEstimator::trust:
      return "trust";
    case GainEstimator::pairwise:
      return "pairwise";
  }
  fail("gains: unknown estimator {}", static_cast<int>(estimator));
}

std::string propensities_in_words(const GainConfig& gains) {
  switch (gains.estimator) {
    case GainEstimator::naive:
      return "none are used";
    case GainEstimator::ipw:
    case GainEstimator::self_normalised:
      return source_in_words(gains);
    case GainEstimator::regression_em:
      return "of the position-based model that was fitted to the clicks";
    case GainEstimator::dla:
      return "of dual learning";
    case GainEstimator::trust:
      return "of the click model trust_pbm, freed of trust";
    case GainEstimator::pairwise:
      return "t+ of pairwise debiasing";
  }
  fail("gains: unknown estimator {}", static_cast<int>(gains.estimator));
}

std::vector<std::string> gain_assumptions(const GainConfig& gains) {
  std::vector<std::string> sentences;
  switch (gains.estimator) {
    case GainEstimator::naive:
      sentences.push_back("item gains are as observed: items that stood low look worse than they are");
      break;
    case GainEstimator::ipw:
    case GainEstimator::self_normalised:
      add_weighting_assumptions(gains, sentences);
      break;
    case GainEstimator::regression_em:
      sentences.push_back(
          "regression_em takes clicks for looking times attraction: gains of slots without a click are those "
          "of the "
          "model, and wrong where attraction depends on the page or on more than the documents tell apart");
      break;
    case GainEstimator::dla:
      sentences.push_back(
          "dla takes clicks for looking times attraction; its propensities are right as far as its scores "
          "tell good "
          "items from bad ones, which only items seen at several positions can show");
      break;
    case GainEstimator::trust:
      sentences.push_back(
          "trust takes the trust and examination of trust_pbm for true, which clicks identify up to an "
          "affine map "
          "only, and purchases for purchases of relevant items");
      break;
    case GainEstimator::pairwise:
      sentences.push_back(
          "pairwise weighs swaps and ranking pairs and leaves gains as observed: what diversity pairs take "
          "for "
          "an item's relevance keeps the bias, and a slot without a click is taken for one of its own bias, "
          "whatever item stood there");
      break;
  }
  if (gains.delayed_purchases != DelayedPurchases::none)
    sentences.push_back("late purchases are corrected as if all items were bought after the same delays");
  return sentences;
}

}  // namespace pagewright
