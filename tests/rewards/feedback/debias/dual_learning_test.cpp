#include "rewards/feedback/debias/dual_learning.hpp"

#include <cmath>

#include "core/base/rng.hpp"
#include "rewards/clicks/look_models.hpp"
#include "rewards/feedback/debias/document_scores.hpp"
#include "tests/rewards/clicks/clicks_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Lists of a position-based model in which a document's place depends on how good it is: document d of 12
/// with attractiveness 0.1 + 0.05 d, good ones more often high.
struct OrderedLists {
  std::vector<double> examination{0.9, 0.6, 0.4, 0.25, 0.15};
  std::vector<double> attractiveness;
  ClickSpace space = list_space(12, 5);
  ClickSessions train;

  explicit OrderedLists(int count) {
    for (int d = 0; d < 12; ++d) attractiveness.push_back(0.1 + 0.05 * d);
    CounterRandom random(3, RandomStream::feedback);
    for (int s = 0; s < count; ++s) {
      std::vector<std::pair<double, int>> order;
      for (int d = 0; d < 12; ++d) order.emplace_back(-(0.3 * d + random.gumbel()), d);
      std::sort(order.begin(), order.end());
      std::vector<int> shown;
      std::vector<std::uint8_t> clicks;
      for (std::size_t k = 0; k < 5; ++k) {
        shown.push_back(order[k].second);
        clicks.push_back(random.uniform() <
                         examination[k] * attractiveness[static_cast<std::size_t>(order[k].second)]);
      }
      train.add_list(shown, clicks);
    }
  }
};

TEST_CASE("dual learning finds the examination and the attractiveness of a position-based model") {
  const OrderedLists lists(40000);
  const DualFit fit = fit_dual_learning(lists.space, lists.train, {});
  for (std::size_t k = 0; k < 5; ++k) {
    CAPTURE(k);
    CHECK(fit.examination[k] / fit.examination[0] ==
          Approx(lists.examination[k] / lists.examination[0]).epsilon(0.08));
  }
  for (std::size_t d = 0; d < 12; ++d) {
    CAPTURE(d);
    CHECK(std::exp(fit.scores[d] - fit.scores[11]) ==
          Approx(lists.attractiveness[d] / lists.attractiveness[11]).epsilon(0.12));
  }
  // Click rates by slot are something else, since good documents stand high.
  std::vector<double> rates(5);
  for (std::size_t s = 0; s < lists.train.size(); ++s)
    for (std::size_t k = 0; k < 5; ++k) rates[k] += lists.train[s].clicks[k];
  CHECK(rates[4] / rates[0] < 0.9 * lists.examination[4] / lists.examination[0]);
}

TEST_CASE("scores that are linear in features are learnt where every slot is a document of its own") {
  OrderedLists lists(20000);
  ClickSpace space = lists.space;
  space.features.features = {{"log attractiveness"}};
  ClickSessions slots;
  for (std::size_t s = 0; s < lists.train.size(); ++s) {
    const ClickSession session = lists.train[s];
    std::vector<int> documents;
    for (const int d : session.documents) {
      documents.push_back(static_cast<int>(space.features.values.size()));
      space.features.values.push_back(std::log(lists.attractiveness[static_cast<std::size_t>(d)]));
    }
    slots.add_list(documents, session.clicks);
  }
  const DualFit fit = fit_dual_learning(space, slots, {});
  const double weight = fit.scores[0] / space.features.values[0];
  CHECK(weight == Approx(1).margin(0.1));
  for (std::size_t k = 0; k < 5; ++k)
    CHECK(fit.examination[k] / fit.examination[0] ==
          Approx(lists.examination[k] / lists.examination[0]).epsilon(0.1));
}

TEST_CASE(
    "Adam's first step is the rate, whatever the gradient's size, and it climbs to the top of a parabola") {
  AdamAscent adam(2);
  std::vector<double> at{0, 0};
  adam.step(at, std::vector<double>{1000.0, -0.001}, 0.5);
  CHECK(at[0] == Approx(0.5));
  CHECK(at[1] == Approx(-0.5));
  AdamAscent climb(1);
  std::vector<double> x{0};
  for (int step = 0; step < 2000; ++step)
    climb.step(x, std::vector<double>{-2 * (x[0] - 3)}, 0.1 * (1 - step / 2000.0));
  CHECK(x[0] == Approx(3).margin(1e-4));
}

TEST_CASE("dual learning gives the same bits again, and numbers where nothing is clicked low down") {
  OrderedLists lists(500);
  CHECK(fit_dual_learning(lists.space, lists.train, {}).examination ==
        fit_dual_learning(lists.space, lists.train, {}).examination);
  ClickSessions first_only;
  for (int s = 0; s < 50; ++s)
    first_only.add_list(std::vector<int>{s % 12, (s + 1) % 12, (s + 2) % 12},
                        std::vector<std::uint8_t>{1, 0, 0});
  const DualFit fit = fit_dual_learning(lists.space, first_only, {});
  for (const double look : fit.examination) CHECK(std::isfinite(look));
  for (const double score : fit.scores) CHECK(std::isfinite(score));
  CHECK(fit.examination[1] < 0.05 * fit.examination[0]);
}

}  // namespace
}  // namespace pagewright
