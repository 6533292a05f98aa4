// GainConfig from YAML.
#include <algorithm>

#include <fmt/ranges.h>

#include "core/config/section.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

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
  section.read_enum(
      "propensities", config.propensities,
      {{"none", PropensitySource::none},
       {"power", PropensitySource::power},
       {"given", PropensitySource::given},
       {"uniform_pages", PropensitySource::uniform_pages},
       {"click_model", PropensitySource::click_model}},
      "where the probability of looking at a slot comes from: none (1 everywhere), power "
      "((k + 1)^-eta), given (given_propensities), uniform_pages (clicks by slot on the uniformly "
      "random pages of the log) or click_model (of the click model that `fit-clicks` fitted)");
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
  return config;
}

}  // namespace pagewright
