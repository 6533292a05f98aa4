#include "rewards/credit/swap_credit.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// One list of `slots` slots.
PageSchema toy_schema(int slots) {
  PageSchema schema;
  SectionType list;
  list.name = "list";
  list.min_slots = list.max_slots = slots;
  schema.section_types = {list};
  schema.max_candidates = 8;
  return schema;
}

Request toy_request(int candidates) {
  Request request;
  request.id = "r";
  for (int c = 0; c < candidates; ++c) {
    request.candidates.emplace_back();
    request.candidates.back().id = "item" + std::to_string(c);
  }
  return request;
}

Page toy_list(std::vector<std::int32_t> items) {
  return {{{0, std::move(items)}}};
}

using PageReward = std::function<double(const std::vector<std::int32_t>& items)>;

std::vector<double> credit_of(const PageReward& reward, const Page& page, const SwapConfig& config,
                              int candidates = 6, AlternativeKey key = {1, 0}) {
  const auto alternatives =
      slot_alternatives(toy_schema(page.slot_count()), toy_request(candidates), page, config, key);
  std::vector<double> scores;
  for (const SlotAlternative& alternative : alternatives) scores.push_back(reward(alternative.page.items()));
  return swap_credit(reward(page.items()), alternatives, scores, page.slot_count());
}

const std::vector<double> kWorth{0.3, -1.1, 2.0, 0.7, 1.6, -0.4};
const std::vector<double> kDiscount{1.0, 0.6, 0.5, 0.4};

/// sum_k d_k a(item_k)
double additive(const std::vector<std::int32_t>& items) {
  double sum = 0;
  for (std::size_t k = 0; k < items.size(); ++k)
    sum += kDiscount[k] * kWorth[static_cast<std::size_t>(items[k])];
  return sum;
}

bool holds(const std::vector<std::int32_t>& items, std::int32_t item) {
  return std::ranges::find(items, item) != items.end();
}

SwapConfig all_of(SwapWith with) {
  return {with, 100};
}

TEST_CASE("with an additive reward the swap credit is the item's marginal in closed form") {
  const std::vector<std::int32_t> items{2, 0, 5, 1};
  const Page page = toy_list(items);
  const std::vector<std::int32_t> unused{3, 4};
  const auto later = credit_of(additive, page, all_of(SwapWith::later)),
             pool = credit_of(additive, page, all_of(SwapWith::unused)),
             both = credit_of(additive, page, all_of(SwapWith::both));
  for (std::size_t k = 0; k < items.size(); ++k) {
    const double own = kWorth[static_cast<std::size_t>(items[k])];
    double swaps = 0, replaced = 0;
    for (std::size_t j = k + 1; j < items.size(); ++j)
      swaps += (kDiscount[k] - kDiscount[j]) * (own - kWorth[static_cast<std::size_t>(items[j])]);
    for (const std::int32_t item : unused)
      replaced += kDiscount[k] * (own - kWorth[static_cast<std::size_t>(item)]);
    const double after = static_cast<double>(items.size() - 1 - k);
    CHECK(later[k] == Approx(after > 0 ? swaps / after : 0).margin(1e-12));
    CHECK(pool[k] == Approx(replaced / 2).margin(1e-12));
    CHECK(both[k] == Approx((swaps + replaced) / (after + 2)).margin(1e-12));
  }
}

TEST_CASE("the credit of a known interaction goes to the slots that cause it") {
  // Items 0 and 1 are worth something together alone.
  const PageReward together = [](const auto& items) {
    return holds(items, 0) && holds(items, 1) ? 1.0 : 0.0;
  };
  const Page page = toy_list({4, 0, 2, 1});
  CHECK(credit_of(together, page, all_of(SwapWith::unused)) == std::vector<double>{0, 1, 0, 1});
  CHECK(credit_of(together, page, all_of(SwapWith::later)) == std::vector<double>{0, 0, 0, 0});
  // Near duplicates spoil a page: both are blamed, others are not.
  const PageReward twins = [&](const auto& items) { return -together(items); };
  CHECK(credit_of(twins, page, all_of(SwapWith::unused)) == std::vector<double>{0, -1, 0, -1});
  // Item 0 must stand directly above item 2, wherever: a matter of places, which swaps tell.
  const PageReward above = [](const auto& items) {
    for (std::size_t k = 0; k + 1 < items.size(); ++k)
      if (items[k] == 0 && items[k + 1] == 2) return 1.0;
    return 0.0;
  };
  // Slot 0 with 1, 2 or 3: broken twice (0 or 2 moved away), kept once; slot 1: 0 moved, always broken; slot
  // 2: 2 moved, broken.
  const auto credit = credit_of(above, page, all_of(SwapWith::later));
  CHECK(credit[0] == Approx(2.0 / 3));
  CHECK(credit[1] == 1);
  CHECK(credit[2] == 1);
  CHECK(credit[3] == 0);
}

TEST_CASE("alternatives leave the slots above alone and are all different") {
  const Page page = toy_list({4, 0, 2, 1});
  const auto alternatives =
      slot_alternatives(toy_schema(4), toy_request(6), page, all_of(SwapWith::both), {1, 0});
  CHECK(alternatives.size() == 3 + 2 + 1 + 4 * 2);
  std::set<std::vector<std::int32_t>> seen;
  for (const SlotAlternative& alternative : alternatives) {
    const auto items = alternative.page.items(), own = page.items();
    const auto slot = static_cast<std::size_t>(alternative.slot);
    for (std::size_t k = 0; k < slot; ++k) CHECK(items[k] == own[k]);
    CHECK(items[slot] != own[slot]);
    CHECK(std::set<std::int32_t>(items.begin(), items.end()).size() == 4);
    CHECK(seen.insert(items).second);
  }
}

TEST_CASE("alternatives keep the schema") {
  PageSchema schema = toy_schema(3);
  schema.max_ads = 1;
  Request request = toy_request(5);
  for (const std::size_t ad : {1U, 3U, 4U}) request.candidates[ad].ad = true;
  const Page page = toy_list({1, 0, 2});
  for (const SlotAlternative& alternative :
       slot_alternatives(schema, request, page, all_of(SwapWith::unused), {1, 0}))
    CHECK(alternative.slot == 0);  // another ad in the place of the ad; none beside it
  schema.pinned.push_back({"item1", 0});
  CHECK(slot_alternatives(schema, request, page, all_of(SwapWith::unused), {1, 0}).empty());
  CHECK(swap_credit(1, {}, {}, 3) == std::vector<double>{0, 0, 0});
  CHECK_THROWS_AS(swap_credit(1, {}, std::vector<double>{1}, 3), Error);
}

TEST_CASE(
    "drawn alternatives are so many, depend on page, request and seed alone, and give the mean of all") {
  const Page page = toy_list({2, 0, 5, 1});
  const SwapConfig two{SwapWith::both, 2};
  const auto count = slot_alternatives(toy_schema(4), toy_request(6), page, two, {1, 7}).size();
  CHECK(count == 8);
  CHECK(credit_of(additive, page, two, 6, {1, 7}) == credit_of(additive, page, two, 6, {1, 7}));
  const auto exact = credit_of(additive, page, all_of(SwapWith::both));
  constexpr int kDraws = 4000;
  std::vector<double> sum(4), squares(4);
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto drawn = credit_of(additive, page, two, 6, {1, draw});
    for (std::size_t k = 0; k < 4; ++k) sum[k] += drawn[k], squares[k] += drawn[k] * drawn[k];
  }
  for (std::size_t k = 0; k < 4; ++k) {
    const double mean = sum[k] / kDraws, variance = std::max(0.0, squares[k] / kDraws - mean * mean);
    CHECK(std::abs(mean - exact[k]) < 4 * std::sqrt(variance / kDraws) + 1e-12);
  }
}

}  // namespace
}  // namespace pagewright
