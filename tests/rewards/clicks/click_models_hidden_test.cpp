// Against enumeration of everything hidden: who looked, was drawn, was satisfied, went on.
#include <map>

#include "rewards/clicks/carousel_model.hpp"
#include "rewards/clicks/click_models.hpp"
#include "rewards/clicks/hidden_chains.hpp"
#include "rewards/clicks/trust_model.hpp"
#include "tests/rewards/clicks/clicks_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

using test::Clicks;

constexpr std::size_t kHiddenSlots = 4;
const std::vector<int> kHiddenDocuments{0, 1, 2, 3}, kHiddenPositions{0, 1, 2, 3}, kHiddenRows{0, 0, 1, 1};
const std::vector<double> kDrawn{0.3, 0.7, 0.55, 0.2};

/// What is true together with a click pattern: its probability, and expected counts times it. Counts of
/// several tables share the index.
struct HiddenCase {
  double probability = 0;
  std::vector<double> examined = std::vector<double>(kHiddenSlots);
  std::vector<double> successes = std::vector<double>(12), trials = std::vector<double>(12);
};
using HiddenCases = std::map<Clicks, HiddenCase>;

/// One outcome of all coins while it is looked at slot by slot.
struct Outcome {
  double probability = 1;
  Clicks clicks = Clicks(kHiddenSlots);
  std::vector<double> examined = std::vector<double>(kHiddenSlots);
  std::vector<double> successes = std::vector<double>(12), trials = std::vector<double>(12);

  bool toss(bool heads, double chance) {
    probability *= heads ? chance : 1 - chance;
    return heads;
  }
  void count(std::size_t table, bool success) {
    successes[table] += success;
    trials[table] += 1;
  }
  void add_to(HiddenCases& cases) const {
    HiddenCase& here = cases[clicks];
    here.probability += probability;
    for (std::size_t k = 0; k < kHiddenSlots; ++k) here.examined[k] += probability * examined[k];
    for (std::size_t i = 0; i < successes.size(); ++i) {
      here.successes[i] += probability * successes[i];
      here.trials[i] += probability * trials[i];
    }
  }
};

ClickSession hidden_session(const Clicks& clicks) {
  return {kHiddenDocuments, kHiddenPositions, kHiddenRows, clicks};
}

/// Each pattern once or more.
std::vector<Clicks> hidden_data() {
  std::vector<Clicks> data;
  int copies = 0;
  for (const Clicks& pattern : test::all_click_patterns(kHiddenSlots))
    for (int i = 0; i <= copies % 3; ++i, ++copies) data.push_back(pattern);
  return data;
}

void check_predictions(const ClickModel& model, const HiddenCases& cases) {
  std::vector<double> expected(kHiddenSlots), marginal(kHiddenSlots);
  double sum = 0;
  for (const Clicks& pattern : test::all_click_patterns(kHiddenSlots)) {
    const auto found = cases.find(pattern);
    const double probability = found == cases.end() ? 0 : found->second.probability;
    CHECK(test::pattern_probability(model, hidden_session(pattern)) == Approx(probability).margin(1e-15));
    for (std::size_t k = 0; k < kHiddenSlots; ++k) expected[k] += probability * pattern[k];
    sum += probability;
  }
  CHECK(sum == Approx(1).epsilon(1e-12));
  model.click_probabilities(hidden_session(Clicks(kHiddenSlots)), marginal);
  for (std::size_t k = 0; k < kHiddenSlots; ++k) CHECK(marginal[k] == Approx(expected[k]).epsilon(1e-12));
}

/// One EM step on the data against counts of the enumeration; `first` is the table's first index in them.
void check_step(const ClickModel& stepped, const std::string& kind, const HiddenCases& cases,
                std::size_t first) {
  const std::vector<double> fitted = test::values_of(stepped, kind);
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    double successes = 1, trials = 2;  // the default smoothing
    for (const Clicks& pattern : hidden_data()) {
      const HiddenCase& here = cases.at(pattern);
      successes += here.successes[first + i] / here.probability;
      trials += here.trials[first + i] / here.probability;
    }
    CAPTURE(kind, i);
    CHECK(fitted[i] == Approx(successes / trials).epsilon(1e-12));
  }
}

void check_posterior(const ChainModel& model, const HiddenCases& cases) {
  for (const auto& [pattern, here] : cases) {
    const ChainPosterior posterior = model.posterior(hidden_session(pattern));
    for (std::size_t k = 0; k < kHiddenSlots; ++k)
      CHECK(posterior.examined[k] == Approx(here.examined[k] / here.probability).epsilon(1e-12));
  }
}

ClickSessions hidden_sessions() {
  ClickSessions sessions;
  for (const Clicks& clicks : hidden_data())
    sessions.add(kHiddenDocuments, kHiddenPositions, kHiddenRows, clicks);
  return sessions;
}

const ClickSpace& hidden_space() {
  static const ClickSpace kSpace = list_space(kHiddenSlots, kHiddenSlots);
  return kSpace;
}

}  // namespace

TEST_CASE("the dynamic Bayesian network equals the enumeration of who looked and was satisfied") {
  const std::vector<double> satisfied{0.5, 0.1, 0.65, 0.9};
  const double gamma = 0.8;
  HiddenCases cases;
  test::for_each_outcome(3 * kHiddenSlots, [&](const std::vector<bool>& coins) {
    Outcome outcome;
    bool looks = true;
    for (std::size_t k = 0; k < kHiddenSlots; ++k) {
      const bool drawn = outcome.toss(coins[k], kDrawn[k]);
      const bool pleased = outcome.toss(coins[kHiddenSlots + k], satisfied[k]);
      const bool perseveres = outcome.toss(coins[2 * kHiddenSlots + k], gamma);
      const bool clicks = looks && drawn, ends = clicks && pleased, follows = k + 1 < kHiddenSlots;
      outcome.clicks[k] = clicks;
      outcome.examined[k] = looks;
      if (looks) outcome.count(k, clicks);
      if (clicks && follows) outcome.count(4 + k, pleased);
      if (looks && !ends && follows) outcome.count(8, perseveres);
      looks = looks && !ends && perseveres;
    }
    outcome.add_to(cases);
  });
  BayesianModel model;
  model.start(hidden_space(), {});
  model.set("attractiveness", kDrawn);
  model.set("satisfaction", satisfied);
  model.set("perseverance", std::vector<double>{gamma});
  check_predictions(model, cases);
  check_posterior(model, cases);
  model.step(hidden_sessions());
  check_step(model, "attractiveness", cases, 0);
  check_step(model, "satisfaction", cases, 4);
  check_step(model, "perseverance", cases, 8);
}

TEST_CASE("the click chain model equals the enumeration of who looked and what was relevant") {
  const std::vector<double> tau{0.85, 0.6, 0.35};
  HiddenCases cases;
  test::for_each_outcome(3 * kHiddenSlots, [&](const std::vector<bool>& coins) {
    Outcome outcome;
    bool looks = true;
    for (std::size_t k = 0; k < kHiddenSlots; ++k) {
      const bool clicks = looks && outcome.toss(coins[k], kDrawn[k]);
      if (!looks) outcome.toss(coins[k], kDrawn[k]);
      const bool relevant = outcome.toss(coins[kHiddenSlots + k], kDrawn[k]);
      const std::size_t state = !clicks ? 0 : (relevant ? 2 : 1);
      const bool on = outcome.toss(coins[2 * kHiddenSlots + k], tau[state]);
      const bool follows = k + 1 < kHiddenSlots;
      outcome.clicks[k] = clicks;
      outcome.examined[k] = looks;
      if (looks) outcome.count(k, clicks);
      if (clicks && follows) outcome.count(k, relevant);
      if (looks && follows) outcome.count(4 + state, on);
      looks = looks && on;
    }
    outcome.add_to(cases);
  });
  ClickChainModel model;
  model.start(hidden_space(), {});
  model.set("attractiveness", kDrawn);
  model.set("continuation", tau);
  check_predictions(model, cases);
  check_posterior(model, cases);
  model.step(hidden_sessions());
  check_step(model, "attractiveness", cases, 0);
  check_step(model, "continuation", cases, 4);
}

TEST_CASE("the carousel model equals the enumeration of how far each row was looked at") {
  const std::vector<double> reach{0.8, 0.6, 0.5, 0.9};
  HiddenCases cases;
  test::for_each_outcome(2 * kHiddenSlots, [&](const std::vector<bool>& coins) {
    Outcome outcome;
    bool looks = true;
    for (std::size_t k = 0; k < kHiddenSlots; ++k) {
      const bool before = looks || k == 0 || kHiddenRows[k] != kHiddenRows[k - 1];
      const bool reaches = outcome.toss(coins[k], reach[k]);
      const bool drawn = outcome.toss(coins[kHiddenSlots + k], kDrawn[k]);
      looks = before && reaches;
      outcome.clicks[k] = looks && drawn;
      outcome.examined[k] = looks;
      if (looks) outcome.count(k, drawn);
      if (before) outcome.count(4 + k, looks);
    }
    outcome.add_to(cases);
  });
  CarouselModel model;
  model.start(hidden_space(), {});
  model.set("attractiveness", kDrawn);
  model.set("reach", reach);
  check_predictions(model, cases);
  std::vector<double> looked(kHiddenSlots);
  REQUIRE(model.examination(hidden_session(Clicks(kHiddenSlots)), looked));
  CHECK(looked[1] == Approx(0.8 * 0.6));
  CHECK(looked[3] == Approx(0.5 * 0.9));
  model.step(hidden_sessions());
  check_step(model, "attractiveness", cases, 0);
  check_step(model, "reach", cases, 4);
}

TEST_CASE("the trust bias model equals the enumeration of who looked at what was relevant") {
  const std::vector<double> theta{0.9, 0.6, 0.5, 0.3}, trust{0.4, 0.2, 0.1, 0.05};
  HiddenCases cases;
  test::for_each_outcome(3 * kHiddenSlots, [&](const std::vector<bool>& coins) {
    Outcome outcome;
    for (std::size_t k = 0; k < kHiddenSlots; ++k) {
      const bool relevant = outcome.toss(coins[k], kDrawn[k]);
      const bool looks = outcome.toss(coins[kHiddenSlots + k], theta[k]);
      const bool trusts = outcome.toss(coins[2 * kHiddenSlots + k], trust[k]);
      outcome.clicks[k] = looks && (relevant || trusts);
      outcome.examined[k] = looks;
      outcome.count(k, relevant);
      outcome.count(4 + k, looks);
      if (looks && !relevant) outcome.count(8 + k, trusts);
    }
    outcome.add_to(cases);
  });
  TrustModel model;
  model.start(hidden_space(), {});
  model.set("attractiveness", kDrawn);
  model.set("examination", theta);
  model.set("trust", trust);
  check_predictions(model, cases);
  model.step(hidden_sessions());
  check_step(model, "attractiveness", cases, 0);
  check_step(model, "examination", cases, 4);
  check_step(model, "trust", cases, 8);
}

TEST_CASE("click probabilities of every model are those of its click patterns") {
  for (const std::string& name : click_model_names()) {
    CAPTURE(name);
    const std::unique_ptr<ClickModel> model = make_click_model(name);
    model->start(hidden_space(), {});
    for (int i = 0; i < 3; ++i) model->step(hidden_sessions());
    std::vector<double> expected(kHiddenSlots), marginal(kHiddenSlots);
    double sum = 0;
    for (const Clicks& pattern : test::all_click_patterns(kHiddenSlots)) {
      const double probability = test::pattern_probability(*model, hidden_session(pattern));
      sum += probability;
      for (std::size_t k = 0; k < kHiddenSlots; ++k) expected[k] += probability * pattern[k];
    }
    CHECK(sum == Approx(1).epsilon(1e-12));
    model->click_probabilities(hidden_session(Clicks(kHiddenSlots, 1)), marginal);
    for (std::size_t k = 0; k < kHiddenSlots; ++k) CHECK(marginal[k] == Approx(expected[k]).epsilon(1e-12));
  }
}

}  // namespace pagewright
