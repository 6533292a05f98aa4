#include "rewards/models/reward_card.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

RewardCardData card_data() {
  RewardCardData data;
  data.log = "runs/x/log";
  data.train = {1000, 300, 8000, 900, 120};
  data.held_out = {100, 30, 800, 90, 12};
  data.gains.propensities = PropensitySource::uniform_pages;
  data.weights.price_ref = 4200;
  data.propensities = {1, 0.5};
  data.held_out_pairs.count = {80, 70, 60, 50, 0};
  data.held_out_pairs.empty_because[4] = "no request was shown twice";
  return data;
}

nlohmann::json order(double accuracy, int pairs) {
  return {{"accuracy", accuracy}, {"pairs", pairs}};
}
nlohmann::json events(int count, double rate, double auc, double error) {
  return {{"events", count},
          {"rate", rate},
          {"mean_prediction", rate},
          {"auc", auc},
          {"calibration_error", error}};
}

std::vector<std::string> weaknesses(const RewardCardData& data, const nlohmann::json& models) {
  return reward_card(data, models).at("weaknesses").get<std::vector<std::string>>();
}

TEST_CASE("Wilson's interval has its known values") {
  // 8 of 10: 0.4902 to 0.9433 (Newcombe 1998 and others).
  CHECK(wilson_interval(0.8, 10).low == Approx(0.4902).margin(5e-5));
  CHECK(wilson_interval(0.8, 10).high == Approx(0.9433).margin(5e-5));
  CHECK(wilson_interval(0, 10).low == Approx(0).margin(1e-12));
  CHECK(wilson_interval(0, 10).high == Approx(0.2775).margin(5e-5));
  CHECK(wilson_interval(0.5, 0).low == 0);
  CHECK(wilson_interval(0.5, 0).high == 1);
}

TEST_CASE("a card says what is weak and nothing of what is not") {
  const nlohmann::json good = {{"page-utility",
                                {{"pairs", {{"ranking", order(0.8, 400)}}},
                                 {"click", events(800, 0.1, 0.7, 0.01)},
                                 {"purchase", events(900, 0.1, 0.65, 0.02)}}},
                               {"item", {{"swaps", order(0.75, 300)}}}};
  RewardCardData data = card_data();
  data.held_out_pairs.empty_because[4].clear();
  CHECK(weaknesses(data, good).empty());

  using Sentences = std::vector<std::string>;
  const nlohmann::json weak = {{"page-both",
                                {{"pairs", {{"ranking", order(0.3, 400)}, {"relevance", order(0.8, 50)}}},
                                 {"click", events(800, 0.1, 0.55, 0.06)},
                                 {"purchase", events(100, 0.1, 0.9, 0.02)}}},
                               {"item", {{"swaps", order(0.53, 100)}}}};
  CHECK(weaknesses(card_data(), weak) ==
        Sentences{"no natural pairs: no request was shown twice",
                  "item orders swaps no better than chance (0.530 of 100, 95 % interval 0.433 to 0.625)",
                  "page-both orders ranking pairs worse than chance (0.300 of 400)",
                  "page-both was tried on 50 relevance pairs only",
                  "page-both hardly tells what gets a click from what does not (AUC 0.550)",
                  "page-both: click probabilities are off by 0.060 on average",
                  "page-both: 10 held-out purchases say little of how it predicts them"});
}

TEST_CASE("assumed propensities and a log without purchases are weaknesses") {
  RewardCardData data = card_data();
  data.train.purchased = 0;
  data.gains.propensities = PropensitySource::power;
  data.gains.eta = 0.5;
  const std::vector<std::string> found = weaknesses(data, nlohmann::json::object());
  REQUIRE(found.size() == 3);
  CHECK(found[0] == "no slot of the training pages was bought from, so that nothing is known of what sells");
  CHECK(found[1].starts_with("position propensities are assumed and not measured (assumed: (k + 1)^-0.5)"));
}

TEST_CASE("the card for people has data, figures with intervals and weaknesses") {
  const nlohmann::json models = {{"item", {{"swaps", order(0.8, 10)}}}};
  const std::string text = reward_card_markdown(reward_card(card_data(), models));
  for (const char* part :
       {"# Reward models", "Log: `runs/x/log`. Gains: click 1, purchase 5 x (price / 4200 minor units)^1.",
        "measured on the pages of policy 'uniform' (1.00, 0.50).", "slots with a purchase", "120",
        "0.800 (0.490 to 0.943)", "- no natural pairs: no request was shown twice\n"}) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the card has the pairs of both splits, and says where those of training were not made") {
  RewardCardData data = card_data();
  data.held_out_pairs.hard = 33;
  data.held_out_pairs.notes[0].weight = 20;
  data.held_out_pairs.notes[0].pages_without["without engagement"] = 7;
  const nlohmann::json without = reward_card(data, nlohmann::json::object());
  const nlohmann::json& relevance = without.at("data").at("pairs").at("relevance");
  CHECK(relevance.at("held_out") == 80);
  CHECK(relevance.at("train").is_null());
  CHECK(relevance.at("hard") == 33);
  CHECK(relevance.at("mean_weight") == 0.25);
  CHECK(relevance.at("pages_without").at("without engagement") == 7);
  CHECK(without.at("data").at("pairs").at("natural").at("none_because") == "no request was shown twice");
  CHECK(reward_card_markdown(without).find("not made") != std::string::npos);
  data.train_pairs.emplace().count = {801, 700, 600, 500, 0};
  const nlohmann::json with = reward_card(data, nlohmann::json::object());
  CHECK(with.at("data").at("pairs").at("relevance").at("train") == 801);
  CHECK(reward_card_markdown(with).find("not made") == std::string::npos);
}

TEST_CASE("feedback of a split is counted by slot and user") {
  FeedbackLog log;
  log.requests.resize(3);
  log.requests[0].request.user = log.requests[1].request.user = "u";
  log.requests[2].request.id = "r3";
  const std::vector<FeedbackPage> pages = {
      {0, {}, {1, 0}, {1, 0}}, {1, {}, {0, 1}, {0, 0}}, {2, {}, {0, 0, 1}, {0, 0, 0}}};
  const SplitFeedback counts = count_feedback(log, pages);
  CHECK(counts.pages == 3);
  CHECK(counts.users == 2);
  CHECK(counts.slots == 7);
  CHECK(counts.clicked == 3);
  CHECK(counts.purchased == 1);
}

}  // namespace
}  // namespace pagewright
