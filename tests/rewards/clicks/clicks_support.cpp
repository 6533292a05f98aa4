#include "tests/rewards/clicks/clicks_support.hpp"

#include <numeric>

#include "core/base/error.hpp"

namespace pagewright::test {

std::vector<Clicks> all_click_patterns(std::size_t slots) {
  std::vector<Clicks> patterns;
  for_each_outcome(static_cast<int>(slots), [&](const std::vector<bool>& coins) {
    patterns.emplace_back(coins.begin(), coins.end());
  });
  return patterns;
}

void for_each_outcome(int coins, const std::function<void(const std::vector<bool>&)>& visit) {
  std::vector<bool> outcome(static_cast<std::size_t>(coins));
  for (std::uint32_t bits = 0; bits < (1U << coins); ++bits) {
    for (std::size_t i = 0; i < outcome.size(); ++i) outcome[i] = (bits >> i) & 1U;
    visit(outcome);
  }
}

double pattern_probability(const ClickModel& model, const ClickSession& session) {
  std::vector<double> click(session.size());
  model.given_earlier_clicks(session, click);
  double product = 1;
  for (std::size_t k = 0; k < click.size(); ++k) product *= session.clicks[k] ? click[k] : 1 - click[k];
  return product;
}

Clicks draw_clicks(const ClickModel& model, const std::vector<int>& documents, const std::vector<int>& rows,
                   CounterRandom& random) {
  std::vector<int> positions(documents.size());
  std::iota(positions.begin(), positions.end(), 0);
  Clicks clicks(documents.size());
  std::vector<double> click(documents.size());
  for (std::size_t k = 0; k < clicks.size(); ++k) {
    model.given_earlier_clicks({documents, positions, rows, clicks}, click);
    clicks[k] = random.uniform() < click[k];
  }
  return clicks;
}

ClickSessions draw_sessions(const ClickModel& model, int count, int documents, int slots, int columns,
                            std::uint64_t seed) {
  ClickSessions sessions;
  std::vector<int> pool(static_cast<std::size_t>(documents)), rows, positions;
  std::iota(pool.begin(), pool.end(), 0);
  for (int k = 0; k < slots; ++k) {
    positions.push_back(k);
    rows.push_back(k / columns);
  }
  CounterRandom random(seed, RandomStream::feedback);
  for (int s = 0; s < count; ++s) {
    random.shuffle(std::span(pool));
    const std::vector<int> shown(pool.begin(), pool.begin() + slots);
    sessions.add(shown, positions, rows, draw_clicks(model, shown, rows, random));
  }
  return sessions;
}

std::vector<double> values_of(const ClickModel& model, const std::string& kind) {
  for (ClickParameters& parameters : model.parameters())
    if (parameters.name == kind) return parameters.values;
  fail("no parameters called {}", kind);
}

}  // namespace pagewright::test
