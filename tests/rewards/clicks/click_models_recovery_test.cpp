// What models find again of parameters from which clicks were drawn.
#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

#include "core/base/error.hpp"
#include "rewards/clicks/click_models.hpp"
#include "rewards/clicks/logistic_fit.hpp"
#include "tests/rewards/clicks/clicks_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

constexpr int kShown = 6, kPool = 24, kLists = 3000, kRepeats = 8;

const ClickSpace& recovery_space() {
  static const ClickSpace kSpace = list_space(kPool, kShown);
  return kSpace;
}

/// Between 0.1 and 0.9, in no order.
std::vector<double> spread_rates(std::size_t count, std::size_t step) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < count; ++i)
    rates.push_back(0.1 + 0.8 * static_cast<double>((i * step) % count) / static_cast<double>(count - 1));
  return rates;
}

std::unique_ptr<ClickModel> true_model(const std::string& name) {
  std::unique_ptr<ClickModel> model = make_click_model(name);
  model->start(recovery_space(), {});
  model->set("attractiveness", spread_rates(kPool, 7));
  return model;
}

/// Numbers of a model that clicks determine.
using Identified = std::function<std::vector<double>(const ClickModel&)>;

/// Fits clicks of `truth` again and again. The mean of what is found must be within 4 of its standard errors
/// (and a bias of 0.01) of the truth, and a single fit's standard deviation below `spread`.
void check_recovery(const ClickModel& truth, int columns, double spread, const Identified& identified) {
  const std::vector<double> expected = identified(truth);
  std::vector<double> sums(expected.size()), squares(expected.size());
  ClickFit fit;
  fit.iterations = 300;
  fit.tolerance = 1e-9;
  fit.attractiveness = fit.satisfaction = fit.structure = {0.01, 0.02};
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const ClickSessions sessions =
        test::draw_sessions(truth, kLists, kPool, kShown, columns, 100 + static_cast<std::uint64_t>(repeat));
    const std::unique_ptr<ClickModel> model = make_click_model(truth.name());
    fit_click_model(*model, recovery_space(), sessions, fit);
    const std::vector<double> found = identified(*model);
    for (std::size_t i = 0; i < found.size(); ++i) {
      sums[i] += found[i] - expected[i];
      squares[i] += (found[i] - expected[i]) * (found[i] - expected[i]);
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double bias = sums[i] / kRepeats;
    const double sd = std::sqrt((squares[i] - kRepeats * bias * bias) / (kRepeats - 1));
    CAPTURE(truth.name(), i, expected[i], bias, sd);
    CHECK(std::abs(bias) < 4 * sd / std::sqrt(kRepeats) + 0.01);
    CHECK(sd < spread);
  }
}

std::vector<double> relative_to_first(std::vector<double> values) {
  const double first = values.at(0);
  for (double& value : values) value /= first;
  return values;
}

}  // namespace

TEST_CASE("examination ratios of a position-based model are found again") {
  const auto truth = true_model("pbm");
  truth->set("examination", std::vector<double>{0.9, 0.7, 0.5, 0.4, 0.25, 0.15});
  check_recovery(*truth, kShown, 0.04, [](const ClickModel& model) {
    return relative_to_first(test::values_of(model, "examination"));
  });
}

TEST_CASE(
    "where good documents stand high click rates mislead, and a position-based model less with more lists") {
  const std::vector<double> looks{0.9, 0.7, 0.5, 0.4, 0.25, 0.15}, drawn = spread_rates(kPool, 7);
  const auto truth = true_model("pbm");
  truth->set("examination", looks);
  const auto error_of = [&](const std::vector<double>& ratios) {
    double sum = 0;
    for (std::size_t k = 1; k < ratios.size(); ++k)
      sum += std::abs(ratios[k] / (looks[k] / looks[0]) - 1) / static_cast<double>(ratios.size() - 1);
    return sum;
  };
  std::vector<double> naive, modelled;
  for (const int lists : {500, 5000, 50000}) {
    CounterRandom random(11, RandomStream::feedback, static_cast<std::uint64_t>(lists));
    ClickSessions sessions;
    for (int s = 0; s < lists; ++s) {
      std::vector<std::pair<double, int>> ranked;
      for (int d = 0; d < kPool; ++d)
        ranked.emplace_back(drawn[static_cast<std::size_t>(d)] + 0.4 * random.normal(), d);
      std::sort(ranked.rbegin(), ranked.rend());
      std::vector<int> shown;
      for (std::size_t k = 0; k < kShown; ++k) shown.push_back(ranked[k].second);
      sessions.add_list(shown, test::draw_clicks(*truth, shown, std::vector<int>(kShown, 0), random));
    }
    ClickFit fit;
    fit.iterations = 300;
    for (const auto& [name, kind, errors] :
         {std::tuple{"position_rate", "click rate", &naive}, std::tuple{"pbm", "examination", &modelled}}) {
      const auto model = make_click_model(name);
      fit_click_model(*model, recovery_space(), sessions, fit);
      errors->push_back(error_of(relative_to_first(test::values_of(*model, kind))));
    }
  }
  CAPTURE(naive, modelled);
  CHECK(naive[2] > 0.1);
  CHECK(modelled[2] < 0.02);
  CHECK(modelled[2] < modelled[1]);
  CHECK(modelled[1] < modelled[0]);
}

TEST_CASE("slopes of a trust bias model are found again") {
  const auto truth = true_model("trust_pbm");
  truth->set("examination", std::vector<double>{0.95, 0.8, 0.6, 0.5, 0.35, 0.25});
  truth->set("trust", std::vector<double>{0.4, 0.3, 0.2, 0.1, 0.05, 0.02});
  check_recovery(*truth, kShown, 0.16, [](const ClickModel& model) {
    std::vector<double> slopes = test::values_of(model, "examination");
    const std::vector<double> trust = test::values_of(model, "trust");
    for (std::size_t k = 0; k < slopes.size(); ++k) slopes[k] *= 1 - trust[k];
    return relative_to_first(slopes);
  });
}

TEST_CASE("how far rows are looked at is found again, in absolute terms") {
  const auto truth = true_model("carousel");
  truth->set("reach", std::vector<double>{0.8, 0.9, 0.7, 0.5, 0.8, 0.6});
  check_recovery(*truth, 3, 0.05, [](const ClickModel& model) { return test::values_of(model, "reach"); });
}

TEST_CASE("attractiveness of a cascade model is found again") {
  check_recovery(*true_model("cascade"), kShown, 0.06,
                 [](const ClickModel& model) { return test::values_of(model, "attractiveness"); });
}

TEST_CASE("perseverance and satisfaction of a dynamic Bayesian network are found again") {
  const auto truth = true_model("dbn");
  truth->set("satisfaction", spread_rates(kPool, 5));
  truth->set("perseverance", std::vector<double>{0.85});
  check_recovery(*truth, kShown, 0.15, [](const ClickModel& model) {
    std::vector<double> values = test::values_of(model, "satisfaction");
    // Documents that are rarely clicked say little about what happens then.
    values.erase(values.begin(), values.begin() + 1);
    std::vector<double> clicked;
    const std::vector<double> drawn = spread_rates(kPool, 7);
    for (std::size_t d = 1; d < drawn.size(); ++d)
      if (drawn[d] > 0.4) clicked.push_back(values[d - 1]);
    clicked.push_back(test::values_of(model, "perseverance")[0]);
    return clicked;
  });
}

TEST_CASE("continuation of a click chain model is found again") {
  const auto truth = true_model("ccm");
  truth->set("continuation", std::vector<double>{0.9, 0.8, 0.3});
  check_recovery(*truth, kShown, 0.06,
                 [](const ClickModel& model) { return test::values_of(model, "continuation"); });
}

TEST_CASE("examination of a user browsing model is found again relative to the first rank") {
  const auto truth = true_model("ubm");
  std::vector<double> looks(test::values_of(*truth, "examination"));
  for (std::size_t k = 0; k < kShown; ++k)
    for (std::size_t previous = 0; previous <= kShown; ++previous)
      looks[k * (kShown + 1) + previous] = 0.9 / (1 + 0.3 * static_cast<double>(k - std::min(previous, k)));
  truth->set("examination", looks);
  check_recovery(*truth, kShown, 0.1, [](const ClickModel& model) {
    const std::vector<double> found = test::values_of(model, "examination");
    std::vector<double> ratios;
    for (std::size_t k = 1; k < kShown; ++k)
      for (std::size_t previous = 0; previous <= k; ++previous)
        ratios.push_back(found[k * (kShown + 1) + previous] / found[0]);
    return ratios;
  });
}

TEST_CASE("no EM iteration lowers the likelihood that it raises") {
  const auto truth = true_model("dbn");
  truth->set("satisfaction", spread_rates(kPool, 5));
  truth->set("perseverance", std::vector<double>{0.85});
  const ClickSessions sessions = test::draw_sessions(*truth, 400, kPool, kShown, 3, 9);
  for (const std::string& name : click_model_names())
    for (const Smoothing smoothing : {Smoothing{0, 0}, Smoothing{1, 2}, Smoothing{3, 10}}) {
      const std::unique_ptr<ClickModel> model = make_click_model(name);
      if (model->closed_form()) continue;
      ClickFit fit;
      fit.iterations = 50;
      fit.tolerance = -1;
      fit.attractiveness = fit.satisfaction = fit.structure = smoothing;
      const FitTrace trace = fit_click_model(*model, recovery_space(), sessions, fit);
      CAPTURE(name, smoothing.trials);
      REQUIRE(trace.size() == 51);
      CHECK(trace.back() > trace.front());
      for (std::size_t i = 1; i < trace.size(); ++i) CHECK(trace[i] >= trace[i - 1] - 1e-8);
    }
}

TEST_CASE("a logistic regression on groups gives the groups' rates, and ridge draws it to the mean") {
  FeatureTable features{{{"group"}}, {0, 1, 1}};
  const std::vector<double> successes{2, 3, 5}, trials{10, 8, 12};
  std::vector<double> weights(2);
  fit_logistic({features, successes, trials, 0}, weights);
  CHECK(logistic_rate(features.row(0), weights) == Approx(0.2).epsilon(1e-7));
  CHECK(logistic_rate(features.row(1), weights) == Approx(0.4).epsilon(1e-7));
  std::vector<double> drawn(2);
  fit_logistic({features, successes, trials, 1e6}, drawn);
  CHECK(logistic_rate(features.row(1), drawn) == Approx(10.0 / 30).epsilon(1e-4));
}

TEST_CASE("regression-EM finds examination where no document is shown twice") {
  const std::vector<double> looks{0.9, 0.7, 0.5, 0.4, 0.25, 0.15}, weights{-0.5, 1.2, -0.8};
  constexpr int kOnce = 8000;
  ClickSpace space = list_space(0, kShown);
  space.features.features = {{"first"}, {"second"}};
  CounterRandom random(3, RandomStream::feedback);
  ClickSessions sessions;
  for (int s = 0; s < kOnce; ++s) {
    std::vector<int> documents;
    test::Clicks clicks;
    for (std::size_t k = 0; k < kShown; ++k) {
      const auto document = space.features.values.size() / 2;
      // Better documents stand higher, so that click rates by rank mix both.
      for (int f = 0; f < 2; ++f)
        space.features.values.push_back(random.normal() + (f == 0 ? 0.5 - 0.2 * static_cast<double>(k) : 0));
      documents.push_back(static_cast<int>(document));
      clicks.push_back(random.uniform() < looks[k] * logistic_rate(space.features.row(document), weights));
    }
    sessions.add_list(documents, clicks);
  }
  const auto model = make_click_model("pbm");
  ClickFit fit;
  fit.iterations = 200;
  const FitTrace trace = fit_click_model(*model, space, sessions, fit);
  for (std::size_t i = 1; i < trace.size(); ++i) CHECK(trace[i] >= trace[i - 1] - 1e-6);
  const std::vector<double> found = relative_to_first(test::values_of(*model, "examination"));
  // 8,000 lists give about 3,800 to 400 clicks a rank: a ratio has a relative error of about 5 % at the end.
  for (std::size_t k = 1; k < kShown; ++k) CHECK(found[k] == Approx(looks[k] / looks[0]).epsilon(0.2));
  const std::vector<double> fitted = test::values_of(*model, "attractiveness weights");
  CHECK(fitted[1] == Approx(1.2).margin(0.15));
  CHECK(fitted[2] == Approx(-0.8).margin(0.15));
}

TEST_CASE("unknown click models and parameters are refused by name") {
  CHECK(test::contains(test::error_text([] { make_click_model("pmb"); }), "no click model called 'pmb'"));
  const auto model = true_model("pbm");
  CHECK(test::contains(test::error_text([&] { model->set("gamma", std::vector<double>{1}); }),
                       "pbm has no parameters called gamma"));
  CHECK(test::contains(test::error_text([&] { model->set("examination", std::vector<double>{1}); }),
                       "1 probabilities are given where 6 are needed"));
  ClickSessions sessions;
  CHECK(test::contains(test::error_text([&] { sessions.add_list({}, {}); }), "has no slot"));
}

}  // namespace pagewright
