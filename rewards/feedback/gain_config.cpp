// GainConfig from YAML.
#include <algorithm>

#include <fmt/ranges.h>

#include "core/config/section.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {
namespace {

void read_estimator(const Section& section, GainConfig& config) {
  section.read_enum(
      "estimator", config.estimator,
      {{"naive", GainEstimator::naive},
       {"ipw", GainEstimator::ipw},
       {"self_normalised", GainEstimator::self_normalised},
       {"regression_em", GainEstimator::regression_em},
       {"dla", GainEstimator::dla},
       {"trust", GainEstimator::trust},
       {"pairwise", GainEstimator::pairwise}},
      "how item gains are freed of position: naive (not), ipw (clipped inverse propensity), self_normalised "
      "(the "
      "same, divided by what clipping left), regression_em (what a missing click would have been worth), dla "
      "(propensities of dual learning), trust (affine correction with the trust_pbm of `fit-clicks`) or "
      "pairwise "
      "(swaps and ranking pairs weighted); page utility keeps observed gains");
  const bool weighs =
      config.estimator == GainEstimator::ipw || config.estimator == GainEstimator::self_normalised;
  const bool usual =
      config.propensities == PropensitySource::none || config.propensities == PropensitySource::uniform_pages;
  if (!weighs && !usual)
    section.complain(
        "estimator",
        "only ipw and self_normalised take propensities; choose one of them, or leave `propensities` "
        "out");
  if (config.estimator == GainEstimator::self_normalised && config.propensities == PropensitySource::none)
    section.complain("estimator", "self_normalised needs propensities; `propensities: none` has none");
  if (config.estimator == GainEstimator::trust && config.click_model && *config.click_model != "trust_pbm")
    section.complain("estimator",
                     fmt::format("trust takes the click model trust_pbm and not {}", *config.click_model));
  if (config.estimator == GainEstimator::trust && config.click == 0)
    section.complain("estimator", "trust corrects click gains, but `click` is 0");
}

void read_delays(const Section& section, GainConfig& config) {
  section.read_enum(
      "delayed_purchases", config.delayed_purchases,
      {{"none", DelayedPurchases::none},
       {"weight", DelayedPurchases::weight},
       {"expected", DelayedPurchases::expected}},
      "purchases that were still to come when the log ended: none (nothing is done), weight "
      "(purchases count 1 / P(delay < age of the page)) or expected (clicks without a purchase count "
      "the one that may still come); item gains only");
  section.read_enum(
      "delays", config.delays,
      {{"exponential", DelayForm::exponential}, {"product_limit", DelayForm::product_limit}},
      "distribution of the time from page to purchase: exponential, or as seen (product limit)");
  section.read("log_end", config.log_end, at_least(0).in_units("seconds since the epoch"),
               "time up to which purchases are in the log; null: its last time");
}

}  // namespace

GainConfig GainConfig::from(Section section) {
  GainConfig config;
  section.read("click", config.click, at_least(0), "gain of a click");
  section.read("purchase", config.purchase, at_least(0),
               "gain of a purchase at the reference price, added to its click's");
  section.read(
      "cart", config.cart, at_least(0),
      "gain of putting an item into the cart, added to its click's; above 0 the page model has a head "
      "for it");
  section.read("price_power", config.price_power, in_closed(0, 4),
               "a purchase counts (price / price_ref) to this power; 0 where price is no revenue");
  section.read("price_ref", config.price_ref, positive().in_units("minor units"),
               "reference price; null: the mean purchased price of the training pages");
  section.read("dismissal", config.dismissal, at_least(0),
               "taken off the gain where the user dismissed the item");
  section.read_enum(
      "propensities", config.propensities,
      {{"none", PropensitySource::none},
       {"power", PropensitySource::power},
       {"given", PropensitySource::given},
       {"uniform_pages", PropensitySource::uniform_pages},
       {"click_model", PropensitySource::click_model},
       {"logged", PropensitySource::logged}},
      "where the probability of looking at a slot comes from: none (1 everywhere), power "
      "((k + 1)^-eta), given (given_propensities), uniform_pages (clicks by slot on the uniformly "
      "random pages of the log), click_model (of the click model that `fit-clicks` fitted) or logged (the "
      "slot "
      "propensities of the pages, of placing the item there and not of looking at it)");
  section.read("eta", config.eta, at_least(0), "exponent of the power law");
  section.read("given_propensities", config.given_propensities, in_left_open(0, 1),
               "by page-order slot, relative to the first");
  section.read("uniform_policy", config.uniform_policy, "policy_id of the uniformly random pages");
  section.read("click_model", config.click_model,
               "click model whose examination is taken, of those that know it by position: pbm, trust_pbm, "
               "carousel; null: the one that `fit-clicks` chose");
  section.read("max_weight", config.max_weight, at_least(1), "bound of the inverse propensity");
  section.read("full_confidence", config.full_confidence, at_least(1).in_units("engagements"),
               "engagements from which a pair has full weight");
  section.read("label_smoothing", config.label_smoothing, in_right_open(0, 0.5),
               "probability that the order of a pair is taken to be wrong");
  section.read("revisits", config.revisits,
               "whether reward models also learn from lists shown again in a session, whose feedback is in "
               "that of the "
               "first view as well: for policies that should serve such requests");
  if (config.propensities == PropensitySource::given && config.given_propensities.empty())
    section.complain("given_propensities", "propensities: given needs given_propensities");
  const std::vector<std::string>& usable = models_with_examination();
  if (config.click_model && std::find(usable.begin(), usable.end(), *config.click_model) == usable.end())
    section.complain("click_model",
                     fmt::format("the click model '{}' gives no propensities by position; choose one of {}",
                                 *config.click_model, fmt::join(usable, ", ")));
  read_estimator(section, config);
  read_delays(section, config);
  return config;
}

}  // namespace pagewright
