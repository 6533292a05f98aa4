#include "rewards/simulator/simulated_log.hpp"

#include <cmath>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "rewards/simulator/logging_policy.hpp"
#include "rewards/simulator/request_source.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("a simulated log has the pages, splits and shares that were asked for") {
  const World world = test::small_world(1, 3001, 500);
  const FeedbackLog log = simulate_log(world);
  REQUIRE(log.pages.size() == 3501);
  std::map<std::int64_t, int> views;
  std::map<Split, std::set<std::string>> users, items;
  std::map<Split, int> pages;
  int uniform = 0, train_requests = 0;
  for (const LoggedPage& page : log.pages) {
    const LoggedRequest& request = log.requests[static_cast<std::size_t>(page.request)];
    ++views[page.request];
    ++pages[request.split];
    uniform += page.policy_id == kUniformPolicy;
    if (request.split == Split::test) CHECK(page.policy_id == kProductionPolicy);
    users[request.split].insert(request.request.user);
    for (const Item& item : request.request.candidates) items[request.split].insert(item.id);
    for (const HistoryAction& action : request.request.history) items[request.split].insert(action.item.id);
    CHECK(page_violations(world.schema(), request.request, page.page).empty());
  }
  int twice = 0;
  for (const auto& [request, count] : views) {
    const bool test = log.requests[static_cast<std::size_t>(request)].split == Split::test;
    train_requests += !test;
    CHECK(count <= (test ? 1 : 2));
    twice += count == 2;
  }
  CHECK(pages[Split::test] == 500);
  CHECK(static_cast<double>(twice) / train_requests == Approx(0.3).margin(0.03));
  CHECK(uniform / 3001.0 == Approx(0.08).margin(0.02));
  CHECK(static_cast<double>(pages[Split::valid]) / 3001 == Approx(0.1).margin(0.04));
  const auto apart = [](const std::set<std::string>& first, const std::set<std::string>& second) {
    for (const std::string& element : first)
      if (second.contains(element)) return false;
    return !first.empty() && !second.empty();
  };
  CHECK(apart(users[Split::test], users[Split::train]));
  CHECK(apart(users[Split::test], users[Split::valid]));
  CHECK(apart(users[Split::train], users[Split::valid]));
  CHECK(apart(items[Split::test], items[Split::train]));
  CHECK(apart(items[Split::test], items[Split::valid]));
}

TEST_CASE("requests have distinct candidates and a history before the request") {
  const World world = test::small_world(2);
  for (std::int64_t index = 0; index < world.requests(); ++index) {
    const Request request = make_request(world, index);
    std::set<std::string> ids;
    for (const Item& item : request.candidates) ids.insert(item.id);
    REQUIRE(ids.size() == 20);
    REQUIRE(request.history.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(request.history[i].timestamp < request.timestamp);
      if (i > 0) CHECK(request.history[i].timestamp > request.history[i - 1].timestamp);
    }
    CHECK(request == make_request(world, index));
  }
  CHECK_THROWS_AS(make_request(world, world.requests()), Error);
}

TEST_CASE("the same seed gives the same log, another seed another world and log") {
  const FeedbackLog log = simulate_log(test::small_world(3));
  CHECK(log == simulate_log(test::small_world(3)));
  const FeedbackLog other = simulate_log(test::small_world(4));
  CHECK(log.requests.front().request.candidates != other.requests.front().request.candidates);
  CHECK(test::small_world(3).item(5).visible != test::small_world(4).item(5).visible);
}

TEST_CASE("logged propensities are those of Plackett-Luce over the production scores") {
  const World world = test::small_world(5);
  const FeedbackLog log = simulate_log(world);
  for (const LoggedPage& page : log.pages) {
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    const bool uniform = page.policy_id == kUniformPolicy;
    std::vector<double> weights;
    for (const double score : production_scores(world, request))
      weights.push_back(uniform ? 1.0 : std::exp(score / world.config().logging.temperature));
    double left = 0, product = 1;
    for (const double weight : weights) left += weight;
    const std::vector<std::int32_t> items = page.page.items();
    REQUIRE(page.slot_propensities.size() == items.size());
    REQUIRE(page.slot_propensity_kind == PropensityKind::slot_given_prefix);
    for (std::size_t k = 0; k < items.size(); ++k) {
      const double weight = weights[static_cast<std::size_t>(items[k])];
      CHECK(page.slot_propensities[k] == Approx(weight / left).epsilon(1e-9));
      product *= page.slot_propensities[k];
      left -= weight;
    }
    CHECK(*page.page_propensity == Approx(product).epsilon(1e-9));
  }
}

TEST_CASE("pages are drawn as often as their propensities say, open sections included") {
  PageSchema schema = test::carousel_and_grid(1, 4);
  schema.section_order.clear();
  schema.min_sections = 1;
  SimulatorConfig config;
  config.pages = 10;
  config.test_requests = 1;
  config.candidates.count = 4;
  config.candidates.relevant = 2;
  const World world(config, schema, 6);
  const Request request = make_request(world, 0);
  const PageGrammar grammar = test::own_grammar(schema, request);
  const std::vector<double> scores = {0.0, 0.5, 1.0, -0.7};
  std::map<std::vector<std::int32_t>, std::pair<int, double>> seen;
  constexpr int kDraws = 40000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const DrawnPage drawn =
        draw_plackett_luce(world, grammar, scores, 0.8,
                           CounterRandom(1, RandomStream::logging, 0, static_cast<std::uint64_t>(draw)));
    std::vector<std::int32_t> key;
    for (const PageSection& section : drawn.page.sections) {
      key.push_back(100 + section.type);
      key.insert(key.end(), section.items.begin(), section.items.end());
    }
    auto& [count, propensity] = seen[key];
    ++count;
    propensity = drawn.propensity;
  }
  double total = 0;
  for (const auto& [key, found] : seen) {
    const auto& [count, propensity] = found;
    total += propensity;
    CHECK(std::abs(count - kDraws * propensity) < 4.5 * std::sqrt(kDraws * propensity) + 1);
  }
  // 2 orders of the sections or one of them alone, with 4 * 3 or 4 choices of items.
  CHECK(seen.size() == 2 * 12 + 2 * 4);
  CHECK(total == Approx(1).epsilon(1e-9));
}

TEST_CASE("the permuted control deals the engagements of a page anew and keeps the test as it is") {
  const World world = test::small_world(7, 600, 50);
  const FeedbackLog log = simulate_log(world);
  FeedbackLog control = log;
  apply_control(control, LogControl::permuted, 7);
  int changed = 0, engaged = 0;
  std::vector<double> by_slot(8);
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedRequest& request = log.requests[static_cast<std::size_t>(log.pages[i].request)];
    if (request.split == Split::test) {
      CHECK(control.pages[i] == log.pages[i]);
      continue;
    }
    const std::vector<SlotFeedback> before = slot_feedback(log.pages[i]),
                                    after = slot_feedback(control.pages[i]);
    std::multiset<std::pair<int, int>> all_before, all_after;
    for (std::size_t k = 0; k < 8; ++k) {
      all_before.emplace(before[k].clicks, before[k].purchases);
      all_after.emplace(after[k].clicks, after[k].purchases);
      by_slot[k] += after[k].clicks;
      const auto item = static_cast<std::size_t>(control.pages[i].page.items()[k]);
      if (after[k].purchases > 0)
        CHECK(after[k].revenue == static_cast<double>(*request.request.candidates[item].price));
    }
    CHECK(all_before == all_after);
    CHECK(control.pages[i].page == log.pages[i].page);
    engaged += !log.pages[i].events.empty();
    changed += control.pages[i].events != log.pages[i].events;
  }
  CHECK(changed > 0.7 * engaged);
  CHECK(by_slot[0] == Approx(by_slot[7]).epsilon(0.35));
}

TEST_CASE("the moved control gives every page the engagements of another page") {
  const World world = test::small_world(8, 600, 50);
  const FeedbackLog log = simulate_log(world);
  FeedbackLog control = log;
  apply_control(control, LogControl::moved, 8);
  const auto pattern = [](const LoggedPage& page) {
    std::vector<std::pair<int, int>> slots;
    for (const SlotFeedback& slot : slot_feedback(page)) slots.emplace_back(slot.clicks, slot.purchases);
    return slots;
  };
  std::multiset<std::vector<std::pair<int, int>>> before, after;
  int same = 0, distinct = 0;
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    if (log.requests[static_cast<std::size_t>(log.pages[i].request)].split == Split::test) {
      CHECK(control.pages[i] == log.pages[i]);
      continue;
    }
    before.insert(pattern(log.pages[i]));
    after.insert(pattern(control.pages[i]));
    const bool some = log.pages[i].events.size() > 2;
    distinct += some;
    same += some && pattern(log.pages[i]) == pattern(control.pages[i]);
    for (const Event& event : control.pages[i].events) {
      CHECK(event.timestamp > control.pages[i].timestamp);
      CHECK(event.timestamp < control.pages[i].timestamp + 200);
    }
  }
  CHECK(before == after);
  CHECK(same < 0.1 * distinct);
}

}  // namespace pagewright
