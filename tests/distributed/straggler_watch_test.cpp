#include "distributed/failure/straggler_watch.hpp"

#include <functional>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// Four ranks that generate for 40 ms and learn for 100 ms, but for one.
std::vector<double> times_with(int slow_rank, double factor) {
  std::vector<double> seconds;
  for (int rank = 0; rank < 4; ++rank) {
    seconds.push_back(0.04);
    seconds.push_back(rank == slow_rank ? 0.1 * factor : 0.1);
  }
  return seconds;
}

/// What the watch says in each iteration, from `first` to before `last`.
std::vector<Straggler> watch_over(StragglerWatch& watch, std::int64_t first, std::int64_t last,
                                  const std::function<std::vector<double>(std::int64_t)>& times) {
  std::vector<Straggler> all;
  for (std::int64_t iteration = first; iteration < last; ++iteration)
    for (Straggler& found : watch.observe(iteration, times(iteration))) all.push_back(std::move(found));
  return all;
}

}  // namespace

TEST_CASE("a rank that is slow for five iterations is named once, with the part in which it loses most") {
  StragglerWatch watch(4, {"generate", "learn"});
  const auto found = watch_over(
      watch, 0, 40, [](std::int64_t iteration) { return times_with(iteration >= 12 ? 3 : -1, 2.4); });
  REQUIRE(found.size() == 1);
  CHECK(found[0].rank == 3);
  CHECK(found[0].since == 12);
  CHECK(found[0].part == "learn");
  CHECK(straggler_text("rank 3 on node2", found[0]) ==
        "rank 3 on node2 takes 2.0 times as long as the others since iteration 12: learn 240 ms against 100 "
        "ms");
}

TEST_CASE("the first iteration, a short hiccup, small factors and small times make no straggler") {
  StragglerWatch watch(4, {"generate", "learn"});
  CHECK(watch_over(watch, 0, 20, [](std::int64_t iteration) {
          return times_with(iteration == 0 || iteration % 5 != 4 ? 1 : -1, 3);
        }).empty());
  StragglerWatch little(4, {"generate", "learn"});
  CHECK(watch_over(little, 0, 20, [](std::int64_t) { return times_with(1, 1.6); }).empty());
  StragglerWatch tiny(2, {"learn"});
  CHECK(watch_over(tiny, 0, 20, [](std::int64_t) { return std::vector<double>{0.001, 0.009}; }).empty());
}

TEST_CASE("four slow iterations after the first are not enough, five are") {
  StragglerWatch watch(4, {"generate", "learn"});
  const auto slow = [](std::int64_t) { return times_with(0, 3); };
  CHECK(watch_over(watch, 0, 5, slow).empty());
  CHECK(watch_over(watch, 5, 6, slow).size() == 1);
}

TEST_CASE("a straggler that recovers and falls back again is named again, one that flickers is not") {
  StragglerWatch watch(4, {"generate", "learn"});
  const auto slow = [](std::int64_t) { return times_with(2, 3); };
  const auto calm = [](std::int64_t) { return times_with(-1, 1); };
  CHECK(watch_over(watch, 0, 10, slow).size() == 1);
  CHECK(watch_over(watch, 10, 12, calm).empty());
  CHECK(watch_over(watch, 12, 20, slow).empty());
  CHECK(watch_over(watch, 20, 25, calm).empty());
  const auto again = watch_over(watch, 25, 35, slow);
  REQUIRE(again.size() == 1);
  CHECK(again[0].since == 25);
}

TEST_CASE("of two ranks the slower is the straggler") {
  StragglerWatch watch(2, {"learn"});
  const auto found = watch_over(watch, 0, 10, [](std::int64_t) { return std::vector<double>{0.1, 0.3}; });
  REQUIRE(found.size() == 1);
  CHECK(found[0].rank == 1);
  CHECK(found[0].factor == Approx(3));
}

TEST_CASE("times that are not those of all ranks are refused") {
  StragglerWatch watch(2, {"learn"});
  CHECK_THROWS_AS(watch.observe(0, std::vector<double>{0.1}), Error);
  CHECK_THROWS_AS(StragglerWatch(1, {"learn"}), Error);
}
