#include "rewards/models/reward_config.hpp"

#include <algorithm>

#include "core/config/section.hpp"

namespace pagewright {

FitConfig FitConfig::from(const Section& section, FitConfig config) {
  section.read("epochs", config.epochs, at_least(1), "passes over the logged pages");
  section.read("batch", config.batch, at_least(1), "logged pages in an optimizer step");
  section.read("evaluate_every", config.evaluate_every, at_least(0).in_units("steps"),
               "optimizer steps between evaluations on held-out pages; 0: two in an epoch");
  section.read("patience", config.patience, at_least(0).in_units("evaluations"),
               "evaluations without a gain after which the fit ends; 0: all epochs are run");
  section.read(
      "least_gain", config.least_gain, in_right_open(0, 1),
      "share of the held-out loss by which it must fall to be a gain; says nothing without patience");
  const Section optimizer = section.child("optimizer", "AdamW and its schedule");
  config.optimizer = OptimizerConfig::from(optimizer);
  return config;
}

namespace {

void read_ensemble(const Section& section, int& ensemble, double& pessimism) {
  section.read(
      "ensemble", ensemble, in_closed(1, 64),
      "sets of heads on the one backbone, each with its own start and its own weights of users; their "
      "mean is the score, their standard deviation its uncertainty");
  section.read("pessimism", pessimism, at_least(0),
               "a score counts as its mean less this many standard deviations over the ensemble");
  if (pessimism > 0 && ensemble == 1)
    section.complain("pessimism", "pessimism needs an ensemble of 2 heads or more");
}

}  // namespace

PageModelConfig PageModelConfig::from(const Section& section) {
  PageModelConfig config;
  section.read_enum(
      "form", config.form,
      {{"utility", PageModelForm::utility}, {"pairs", PageModelForm::pairs}, {"both", PageModelForm::both}},
      "utility: expected gain from click and purchase heads; pairs: Bradley-Terry on page pairs; both: pairs "
      "act on the "
      "utility score as well");
  config.fit = FitConfig::from(section.child("fit", "how the model is fitted"), config.fit);
  section.read("pair_weight", config.pair_weight, at_least(0), "weight of the pair loss with form both");
  section.read("margin", config.margin, at_least(0), "margin subtracted from the score difference of a pair");
  section.read("score_penalty", config.score_penalty, at_least(0),
               "weight of the squared sum of a pair's scores");
  section.read_enum(
      "pair_head", config.pair_head, {{"page", PairHead::page}, {"slots", PairHead::slots}},
      "where the pairs form reads its score: page (a head at the page end) or slots (the sum of a head "
      "over the slots)");
  section.read_enum(
      "revenue", config.revenue, {{"listed", RevenueSource::listed}, {"head", RevenueSource::head}},
      "what a purchase is worth: listed (that of the listed price) or head (a head predicts what is "
      "paid against the listed price: several pieces, discounts)");
  read_ensemble(section, config.ensemble, config.pessimism);
  section.read_enum(
      "calibration", config.calibration,
      {{"none", CalibrationKind::none},
       {"temperature", CalibrationKind::temperature},
       {"isotonic", CalibrationKind::isotonic}},
      "how predicted probabilities are corrected, by one half of the held-out users; the other half "
      "says how good they are before and after");
  return config;
}

ItemModelConfig ItemModelConfig::from(const Section& section) {
  ItemModelConfig config;
  config.fit = FitConfig::from(section.child("fit", "how the model is fitted"), config.fit);
  section.read_enum("start", config.start, {{"page", ItemStart::page}, {"random", ItemStart::random}},
                    "where its backbone starts: at that of the fitted page model, or at random");
  section.read("swaps", config.swaps, at_least(1),
               "swapped pages evaluated beside each logged page, at most");
  section.read("position_penalty", config.position_penalty, at_least(0),
               "weight of the squared change of an item's score when it changes places");
  section.read_enum(
      "form", config.form, {{"full", SwapForm::full}, {"order_free", SwapForm::order_free}},
      "full: the swapped page is scored as well; order_free: scores of the page alone are compared, "
      "as if they did not depend on the order, several times faster and without position_penalty");
  section.read_enum(
      "weight", config.weight, {{"dcg", SwapWeight::dcg}, {"ndcg", SwapWeight::ndcg}},
      "of a swap: dcg (difference of discounts times difference of gains) or ndcg (the same over the "
      "page's ideal DCG, so that pages with many gains weigh no more than others)");
  read_ensemble(section, config.ensemble, config.pessimism);
  section.read(
      "uncertainty", config.uncertainty, positive(),
      "e: the reward of a slot weighs 1 / (u + e), u being the deviation over the ensemble in standard "
      "deviations of the item score; null: all slots weigh the same");
  if (config.uncertainty && config.ensemble == 1)
    section.complain("uncertainty", "uncertainty needs an ensemble of 2 heads or more");
  return config;
}

ItemCredit read_item_credit(const Section& section, ItemCredit credit) {
  section.read_enum(
      "item_credit", credit,
      {{"head", ItemCredit::head}, {"utility", ItemCredit::utility}, {"swap", ItemCredit::swap}},
      "head: slots earn the item model's score; utility: the page model's expected gain of a slot is paid at "
      "the slot instead of at the page end; swap: slots earn, in place of the item model's score, what the "
      "page model's score of the page would lose if another item stood there");
  return credit;
}

RewardsConfig RewardsConfig::from(const Section& section) {
  RewardsConfig config;
  config.gains = GainConfig::from(section.child("gains", "from clicks and purchases to gains"));
  config.clicks = ClicksConfig::from(section.child("clicks", "click models: `fit-clicks`"));
  if (config.gains.estimator == GainEstimator::trust &&
      std::find(config.clicks.models.begin(), config.clicks.models.end(), "trust_pbm") ==
          config.clicks.models.end())
    section.complain("clicks", "gains.estimator: trust needs trust_pbm among clicks.models");
  config.pairs = PairConfig::from(section.child("pairs", "contrastive page pairs"));
  const Section page = section.child("page", "coarse reward: the page model");
  config.page = PageModelConfig::from(page);
  const Section item = section.child("item", "fine reward: the item model");
  config.item = ItemModelConfig::from(item);
  config.item_credit = read_item_credit(section, config.item_credit);
  config.swap =
      SwapConfig::from(section.child("swap", "with item_credit swap: what slots are compared with"));
  section.read("alpha", config.alpha, in_closed(0, 1),
               "weight of the page reward; the item reward weighs 1 - alpha");
  section.read("clip", config.clip, above(0), "bound of a normalised score");
  section.read("invalid", config.invalid, "reward of a page that breaks the schema");
  section.read("normaliser_pages", config.normaliser_pages, at_least(16),
               "pages of the warm-up policy over which the scores are normalised");
  return config;
}

}  // namespace pagewright
