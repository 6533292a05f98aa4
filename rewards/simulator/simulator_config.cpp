#include "rewards/simulator/simulator_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/config/section.hpp"

namespace pagewright {
namespace {

const Range& simulator_share() {
  static const Range range = in_closed(0, 1);
  return range;
}

const Range& simulator_count() {
  static const Range range = in_closed(1, 1e8);
  return range;
}

}  // namespace

CatalogueConfig CatalogueConfig::from(Section section) {
  CatalogueConfig config;
  section.read("train_items", config.train_items, simulator_count(),
               "items that training and validation requests draw from");
  section.read("test_items", config.test_items, simulator_count(),
               "items that test requests draw from; no item serves both");
  section.read("variants", config.variants, in_closed(1, 16),
               "items per product: same category and brand, nearly the same price and appeal");
  section.read("categories", config.categories, in_closed(1, 1000), "categories");
  section.read("brands", config.brands, in_closed(1, 10000), "brands");
  section.read("sellers", config.sellers, in_closed(1, 10000), "sellers");
  section.read("ad_share", config.ad_share, simulator_share(), "share of the products that are ads");
  section.read("price_level", config.price_level, in_closed(100, 1e9).in_units("minor units"),
               "typical price");
  section.read("price_spread", config.price_spread, in_open(0, 3), "standard deviation of the log price");
  section.read("quality_noise", config.quality_noise, in_closed(0, 100),
               "noise of the visible feature `quality` around the true quality, in its standard deviations");
  return config;
}

TasteConfig TasteConfig::from(Section section) {
  TasteConfig config;
  section.read("dims", config.dims, in_closed(2, 256), "dimensions of the latent taste space");
  section.read("category", config.category, at_least(0), "weight of the category in an item's latent vector");
  section.read("brand", config.brand, at_least(0), "weight of the brand in an item's latent vector");
  section.read("own", config.own, at_least(0),
               "weight of the item's own part, which no visible feature tells, in its latent vector");
  section.read("favourite_categories", config.favourite_categories, in_closed(1, 100),
               "categories that a user's taste is made of, the first weighing most");
  section.read("favourite_brands", config.favourite_brands, in_closed(0, 100),
               "brands that a user's taste is made of");
  section.read(
      "user_brand", config.user_brand, at_least(0),
      "weight of each favourite brand in the taste vector; the first category weighs 1, the next 1/2");
  section.read("user_own", config.user_own, at_least(0), "weight of the user's own part in the taste vector");
  section.read("price_sensitivity_spread", config.price_sensitivity_spread, simulator_share(),
               "users' price sensitivity is uniform in 1 minus to 1 plus this");
  section.read("history", config.history, in_closed(0, 100), "last actions that a request shows");
  section.read("history_noise", config.history_noise, simulator_share(),
               "share of the actions in a history that have nothing to do with the user's taste");
  section.read("history_temperature", config.history_temperature, positive(),
               "temperature with which the other actions follow the user's interest");
  section.read("mobile_share", config.mobile_share, simulator_share(), "share of the requests on a mobile");
  return config;
}

CandidateConfig CandidateConfig::from(Section section) {
  CandidateConfig config;
  section.read("count", config.count, in_closed(1, 1000), "candidates of a request");
  section.read("relevant", config.relevant, in_closed(0, 1000),
               "how many of them are retrieved for the user; the others are random");
  section.read("retrieval_pool", config.retrieval_pool, in_closed(1, 100000),
               "random items among which the retrieval finds them");
  section.read("retrieval_noise", config.retrieval_noise, at_least(0),
               "noise of the retrieval, in standard deviations of the match");
  section.read("near_duplicates", config.near_duplicates, in_closed(0, 1000),
               "how many candidates are variants of another candidate");
  section.read("touched_share", config.touched_share, simulator_share(),
               "probability that an item of the history is among the candidates");
  if (config.relevant > config.count)
    section.complain("relevant", fmt::format("relevant {} is above count {}", config.relevant, config.count));
  if (config.retrieval_pool < config.relevant)
    section.complain("retrieval_pool", fmt::format("retrieval_pool {} is below relevant {}",
                                                   config.retrieval_pool, config.relevant));
  return config;
}

ExaminationConfig ExaminationConfig::from(Section section) {
  ExaminationConfig config;
  const Range factor = in_left_open(0, 1);
  section.read("section", config.section, factor, "factor per section above");
  section.read("carousel", config.carousel, factor, "factor per slot to the left in a carousel");
  section.read("grid_row", config.grid_row, factor, "factor per row above in a grid");
  section.read("grid_column", config.grid_column, factor, "factor per column to the left in a grid");
  section.read("list", config.list, factor, "factor per slot above in any other section");
  section.read("mobile", config.mobile, positive(), "exponent of the probability on a mobile");
  return config;
}

ClickConfig ClickConfig::from(Section section) {
  ClickConfig config;
  section.read("bias", config.bias, "logit of a click on an average item");
  section.read("match", config.match, "logit per spread of the match of item and taste");
  section.read("quality", config.quality, "logit per spread of the true quality");
  section.read("price", config.price,
               "logit lost per spread of the log price, times the user's price sensitivity");
  section.read("ad", config.ad, "logit of an ad");
  section.read("new_category", config.new_category,
               "logit gained by the first item of its category, from the second slot on");
  section.read("same_category", config.same_category, at_least(0),
               "logit lost per item of the same category above, the first not counted, at most 4");
  section.read("same_brand", config.same_brand, at_least(0),
               "logit lost per item of the same brand above, at most 4");
  section.read("near_duplicate", config.near_duplicate, at_least(0),
               "logit lost if a near-duplicate stands above");
  section.read("bought", config.bought, at_least(0),
               "logit lost if the item or a near-duplicate was bought in the history");
  section.read("random_clicks", config.random_clicks, simulator_share(),
               "probability that the log shows a click where there was none");
  section.read("missed_clicks", config.missed_clicks, simulator_share(),
               "probability that the log misses a click that led to no purchase");
  return config;
}

PurchaseConfig PurchaseConfig::from(Section section) {
  PurchaseConfig config;
  section.read("bias", config.bias, "logit of a purchase after a click on an average item");
  section.read("match", config.match, "logit per spread of the match of item and taste");
  section.read("quality", config.quality, "logit per spread of the true quality");
  section.read("price", config.price,
               "logit lost per spread of the log price, times the user's price sensitivity");
  return config;
}

LoggingConfig LoggingConfig::from(Section section) {
  LoggingConfig config;
  section.read("match", config.match, "weight of the estimated match in the production score");
  section.read("match_noise", config.match_noise, at_least(0),
               "error of that estimate per user and item, in standard deviations of the match");
  section.read("quality", config.quality, "weight of the visible quality in the production score");
  section.read("temperature", config.temperature, positive(),
               "temperature of the Plackett-Luce draw over the production score");
  section.read("uniform_share", config.uniform_share, simulator_share(),
               "share of the training pages that are uniformly random (policy uniform)");
  section.read("repeat_share", config.repeat_share, simulator_share(),
               "share of the training requests for which two pages are drawn");
  return config;
}

SimulatorConfig SimulatorConfig::from(Section section) {
  SimulatorConfig config;
  section.read("pages", config.pages, in_closed(1, 1e8), "logged pages of training and validation users");
  section.read("test_requests", config.test_requests, in_closed(0, 1e8),
               "requests of test users, each with one page of the production policy");
  section.read("requests_per_user", config.requests_per_user, in_closed(1, 1000), "requests of a user");
  section.read("valid_share", config.valid_share, in_right_open(0, 1),
               "share of the other users that are kept for validation");
  config.catalogue = CatalogueConfig::from(section.child("catalogue", "the items on sale"));
  config.taste = TasteConfig::from(section.child("taste", "users' tastes and histories"));
  config.candidates = CandidateConfig::from(section.child("candidates", "the candidates of a request"));
  config.examination = ExaminationConfig::from(section.child("examination", "which slots are looked at"));
  config.clicks = ClickConfig::from(section.child("clicks", "clicks on examined slots"));
  config.purchases = PurchaseConfig::from(section.child("purchases", "purchases after clicks"));
  config.logging = LoggingConfig::from(section.child("logging", "the policy of the logged pages"));
  const int fewest_items = std::min(config.catalogue.train_items, config.catalogue.test_items);
  if (fewest_items < 4 * (config.candidates.count + config.taste.history))
    section.complain("catalogue",
                     fmt::format("{} items are too few for requests of {} candidates and {} actions: "
                                 "give at least four times as many",
                                 fewest_items, config.candidates.count, config.taste.history));
  return config;
}

}  // namespace pagewright
