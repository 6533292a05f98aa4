#include "core/data/session_pool.hpp"

#include <cmath>
#include <map>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// A pool that saw so many sessions, session i having the items 10 i and 10 i + 1.
SessionPool pool_of(std::size_t capacity, std::int64_t sessions, std::uint64_t seed) {
  SessionPool pool(capacity, seed);
  for (std::int64_t i = 0; i < sessions; ++i)
    if (pool.wants_next()) pool.keep({10 * i, 10 * i + 1});
  return pool;
}

std::vector<std::int64_t> drawn_of(const SessionPool& pool, std::size_t count,
                                   const std::unordered_set<std::int64_t>& own = {}) {
  CounterRandom random(5, RandomStream::assembled_pages);
  return pool.draw(count, own, random);
}

}  // namespace

TEST_CASE("every session of a stream has the same chance to be in the pool") {
  std::map<std::int64_t, int> kept;
  constexpr int kTrials = 3000;
  for (int seed = 0; seed < kTrials; ++seed)
    for (const std::int64_t item : drawn_of(pool_of(4, 20, static_cast<std::uint64_t>(seed)), 8)) {
      CHECK(item % 10 < 2);
      ++kept[item / 10];
    }
  REQUIRE(kept.size() == 20);
  // 8 draws take all items of the 4 sessions of 20: two items a session that was kept.
  const double expected = 2 * kTrials * 0.2, deviation = 2 * std::sqrt(kTrials * 0.2 * 0.8);
  for (const auto& [session, times] : kept) {
    INFO(session);
    CHECK(std::abs(times - expected) < 5 * deviation);
  }
}

TEST_CASE("items are drawn by their share of a session's actions, none twice and none of the session's own") {
  SessionPool pool(2, 1);
  REQUIRE(pool.wants_next());
  pool.keep({1, 1, 1, 2});
  REQUIRE(pool.wants_next());
  pool.keep({3});
  CounterRandom random(1, RandomStream::assembled_pages);
  std::map<std::int64_t, int> counts;
  constexpr int kTrials = 8000;
  for (int i = 0; i < kTrials; ++i) ++counts[pool.draw(1, {}, random).at(0)];
  const auto near = [&](std::int64_t item, double share) {
    return std::abs(counts[item] - kTrials * share) < 5 * std::sqrt(kTrials * share * (1 - share));
  };
  CHECK(near(1, 3. / 8));
  CHECK(near(2, 1. / 8));
  CHECK(near(3, 1. / 2));
  for (int i = 0; i < 20; ++i) {
    const auto drawn = pool.draw(3, {3}, random);
    CHECK(std::unordered_set<std::int64_t>(drawn.begin(), drawn.end()) ==
          std::unordered_set<std::int64_t>{1, 2});
  }
}

TEST_CASE("a pool of bad lines or none gives nothing, and the same stream and seed give the same pool") {
  CHECK(drawn_of(pool_of(4, 0, 1), 3).empty());
  SessionPool empty(3, 1);
  REQUIRE(empty.wants_next());
  empty.keep({});
  CHECK(drawn_of(empty, 3).empty());
  CHECK(drawn_of(pool_of(10, 500, 7), 12) == drawn_of(pool_of(10, 500, 7), 12));
  CHECK(drawn_of(pool_of(10, 500, 7), 12) != drawn_of(pool_of(10, 500, 8), 12));
}

}  // namespace pagewright
