#include "rewards/baselines/greedy_reward_policy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/page/page_schema.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Two sections of 1 to 2 and exactly 2 slots; at most one item of a brand.
PageLanguage reward_language(CandidateOrderKind order = CandidateOrderKind::shuffled) {
  PageSchema schema;
  SectionType top, list;
  top.name = "top";
  top.max_slots = 2;
  list.name = "list";
  list.min_slots = list.max_slots = 2;
  schema.section_types = {top, list};
  schema.section_order = {0, 1};
  schema.min_sections = schema.max_sections = 2;
  schema.max_candidates = 7;
  schema.caps = {{"brand", 1}};
  return PageLanguage(schema, PromptTemplate(), order, 3);
}

Request reward_request(std::uint64_t number, bool shared_brands) {
  CounterRandom random(41, RandomStream::world, 0, number);
  Request request;
  request.id = "r" + std::to_string(number);
  for (int i = 0; i < 7; ++i) {
    Item& item = request.candidates.emplace_back();
    item.id = "i" + std::to_string(i);
    item.brand = "b" + std::to_string(shared_brands ? i % 5 : i);
    item.category = "c" + std::to_string(random.below(3));
    item.features["value"] = random.uniform();
  }
  return request;
}

double value_of(const Request& request, std::int32_t candidate) {
  return request.candidates[static_cast<std::size_t>(candidate)].features.at("value");
}

/// Sum of discounted values; a category seen before is worth `repeat` of its value.
double discounted_value(const Request& request, const Page& page, double repeat) {
  std::vector<std::string> seen;
  double sum = 0;
  for (const std::int32_t candidate : page.items()) {
    const std::string& category = request.candidates[static_cast<std::size_t>(candidate)].category;
    const bool again = std::find(seen.begin(), seen.end(), category) != seen.end();
    sum +=
        value_of(request, candidate) * (again ? repeat : 1) / std::log2(static_cast<double>(seen.size()) + 2);
    seen.push_back(category);
  }
  return sum;
}

PageRewards rewards_with(double repeat) {
  return [repeat](std::span<const KeyedRequest> requests, std::span<const Trajectory> pages) {
    std::vector<double> rewards;
    for (std::size_t i = 0; i < pages.size(); ++i)
      rewards.push_back(discounted_value(*requests[i].request, pages[i].page, repeat));
    return rewards;
  };
}

Page page_of_four(const std::vector<std::int32_t>& items) {
  return {{{0, {items[0], items[1]}}, {1, {items[2], items[3]}}}};
}

/// Best valid page of four items by trying all 840.
double best_reward(const PageLanguage& language, const Request& request, double repeat) {
  double best = -1;
  std::vector<std::int32_t> items(4);
  for (int code = 0; code < 7 * 7 * 7 * 7; ++code) {
    for (int k = 0, rest = code; k < 4; ++k, rest /= 7) items[static_cast<std::size_t>(k)] = rest % 7;
    const Page page = page_of_four(items);
    if (page_violations(language.schema(), request, page).empty())
      best = std::max(best, discounted_value(request, page, repeat));
  }
  return best;
}

/// The documented rule on plain vectors, for requests without shared brands.
std::vector<std::int32_t> greedy_by_hand(const Request& request, double repeat) {
  std::vector<std::int32_t> placed;
  while (placed.size() < 4) {
    double best = -1;
    std::vector<std::int32_t> best_page;
    for (std::int32_t candidate = 0; candidate < 7; ++candidate) {
      std::vector<std::int32_t> page = placed;
      if (std::find(page.begin(), page.end(), candidate) != page.end()) continue;
      page.push_back(candidate);
      const double reward = discounted_value(request, {{{0, page}}}, repeat);
      if (reward > best) best = reward, best_page = page;
    }
    placed = best_page;
  }
  return placed;
}

}  // namespace

TEST_CASE("greedy by an additive reward finds the best page of all") {
  const PageLanguage language = reward_language();
  GreedyRewardPolicy policy(language, rewards_with(1));
  for (std::uint64_t number = 0; number < 30; ++number) {
    const Request request = reward_request(number, false);
    const KeyedRequest keyed{&request, static_cast<std::int64_t>(number)};
    const Page page = policy.generate(std::span(&keyed, 1), {}).at(0).page;
    CHECK(page.slot_count() == 4);
    CHECK(discounted_value(request, page, 1) == Approx(best_reward(language, request, 1)));
  }
}

TEST_CASE("greedy composition follows its rule under constraints and interactions, many requests at once") {
  const PageLanguage language = reward_language();
  GreedyRewardPolicy policy(language, rewards_with(0.3));
  std::vector<Request> requests;
  std::vector<KeyedRequest> keyed;
  for (std::uint64_t number = 0; number < 70; ++number)
    requests.push_back(reward_request(number, number % 2 == 1));
  for (std::size_t i = 0; i < requests.size(); ++i)
    keyed.push_back({&requests[i], static_cast<std::int64_t>(i)});
  SampleOptions options;
  options.samples = 2;
  const auto pages = policy.generate(keyed, options);
  REQUIRE(pages.size() == 140);
  double reached = 0, best = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Page& page = pages[2 * i].page;
    CHECK(pages[2 * i + 1].page == page);
    CHECK(pages[2 * i + 1].sample == 1);
    CHECK(pages[2 * i].request == static_cast<std::int64_t>(i));
    CHECK(page_violations(language.schema(), requests[i], page).empty());
    if (i % 2 == 0) CHECK(page.items() == greedy_by_hand(requests[i], 0.3));
    reached += discounted_value(requests[i], page, 0.3);
    best += best_reward(language, requests[i], 0.3);
  }
  CHECK(reached > 0.95 * best);
}

TEST_CASE("first-slot scores are the rewards of the pages of one item") {
  PageSchema schema = reward_language().schema();
  schema.slot_rules = {{0, SlotRule::Kind::forbid_ads}};
  const PageLanguage language(schema, PromptTemplate(), CandidateOrderKind::shuffled, 3);
  GreedyRewardPolicy policy(language, rewards_with(1));
  Request request = reward_request(3, false);
  request.candidates[1].ad = true;
  const KeyedRequest keyed{&request, 3};
  const std::vector<double> scores = policy.first_slot_scores(std::span(&keyed, 1)).at(0);
  CHECK(scores[5] == Approx(value_of(request, 5)));
  CHECK(scores[1] == -std::numeric_limits<double>::infinity());
}

TEST_CASE("the pages that are judged share the prompt and are well-formed beginnings") {
  const PageLanguage language = reward_language();
  std::size_t calls = 0;
  GreedyRewardPolicy policy(language,
                            [&](std::span<const KeyedRequest> requests, std::span<const Trajectory> pages) {
                              CHECK(requests.size() == pages.size());
                              for (std::size_t i = 0; i < pages.size(); ++i) {
                                const DecodedPage decoded = language.decode(pages[i].order, pages[i].tokens);
                                CHECK(decoded.problem.empty());
                                CHECK(decoded.page == pages[i].page);
                                CHECK(decoded.spans == pages[i].spans);
                                CHECK(pages[i].order == pages[0].order);
                                CHECK(pages[i].page.slot_count() == static_cast<int>(calls) + 1);
                              }
                              ++calls;
                              return std::vector<double>(pages.size(), 1.0);
                            });
  const Request request = reward_request(4, false);
  const KeyedRequest keyed{&request, 4};
  CHECK(policy.generate(std::span(&keyed, 1), {}).at(0).page == page_of_four({0, 1, 2, 3}));
  CHECK(calls == 4);
}

TEST_CASE("the greedy reward policy refuses missing rewards and has no density") {
  const PageLanguage language = reward_language();
  GreedyRewardPolicy policy(language, [](auto, auto) { return std::vector<double>{1}; });
  const Request request = reward_request(0, false);
  const KeyedRequest keyed{&request, 0};
  CHECK_THROWS_AS(policy.generate(std::span(&keyed, 1), {}), Error);
  CHECK_THROWS_AS(policy.log_probs({}, {}), Error);
}

}  // namespace pagewright
