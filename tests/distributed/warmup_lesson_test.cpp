#include "distributed/warmup/warmup_lesson.hpp"

#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// One list of `slots` with as many candidates; the first `engaged` items of the target are engaged.
struct LessonCase {
  PageSchema schema;
  Request request;
  WarmupExample example;
  WarmupConfig config;

  LessonCase(int slots, int engaged) {
    config.unengaged_weight = 0.1;
    config.misses = 1;
    schema.section_types = {{.name = "list", .layout = "list", .min_slots = 1, .max_slots = slots}};
    schema.section_order = {0};
    schema.min_sections = schema.max_sections = 1;
    schema.max_candidates = slots;
    example.request = 3;
    example.target.sections = {{0, {}}};
    for (int i = 0; i < slots; ++i) {
      request.candidates.emplace_back().id = "i" + std::to_string(i);
      example.target.sections[0].items.push_back(i);
      example.engaged.push_back(i < engaged);
    }
  }
  WarmupLesson lesson(std::uint64_t epoch) const {
    return warmup_lesson(example, config, schema, request, 7, epoch);
  }
};

TEST_CASE("without misses a lesson is the target page with its weights") {
  LessonCase one(5, 2);
  one.config.misses = 0;
  const WarmupLesson lesson = one.lesson(0);
  CHECK(lesson.page == one.example.target);
  CHECK(lesson.slot_weights == std::vector<double>{1, 1, 0.1, 0.1, 0.1});
}

TEST_CASE("misses come before the engaged items, count nothing, and all else keeps its order") {
  const LessonCase one(12, 2);
  std::set<std::size_t> counts;
  std::set<std::int32_t> missed;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
    const WarmupLesson lesson = one.lesson(epoch);
    const std::vector<std::int32_t> items = lesson.page.items();
    const auto hit = static_cast<std::size_t>(std::find(items.begin(), items.end(), 0) - items.begin());
    counts.insert(hit);
    REQUIRE(items[hit + 1] == 1);
    for (std::size_t slot = 0; slot < items.size(); ++slot)
      CHECK(lesson.slot_weights[slot] == (slot < hit ? 0.0 : slot < hit + 2 ? 1.0 : 0.1));
    missed.insert(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(hit));
    CHECK(std::is_sorted(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(hit)));
    CHECK(std::is_sorted(items.begin() + static_cast<std::ptrdiff_t>(hit), items.end()));
    CHECK(std::set<std::int32_t>(items.begin(), items.end()).size() == 12);
  }
  CHECK(counts == std::set<std::size_t>{1, 2, 3});
  CHECK(missed == std::set<std::int32_t>{2, 3, 4, 5, 6, 7});
}

TEST_CASE("items that the user touched are likely misses, wherever they stand") {
  LessonCase one(12, 1);
  for (const char* touched : {"i9", "i0", "i11", "elsewhere"})
    one.request.history.emplace_back().item.id = touched;
  std::set<std::int32_t> missed;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
    const std::vector<std::int32_t> items = one.lesson(epoch).page.items();
    missed.insert(items.begin(), std::find(items.begin(), items.end(), 0));
  }
  CHECK(missed == std::set<std::int32_t>{1, 2, 3, 4, 9, 11});
}

TEST_CASE("a share of the pages has misses, drawn by epoch and request") {
  LessonCase one(12, 1);
  one.config.misses = 0.3;
  int late = 0;
  for (std::uint64_t epoch = 0; epoch < 1000; ++epoch) {
    late += one.lesson(epoch).page != one.example.target;
    CHECK(one.lesson(epoch).page == one.lesson(epoch).page);
  }
  CHECK(late > 250);
  CHECK(late < 350);
}

TEST_CASE(
    "pages without engagement, or with nothing else, or that the schema would forbid stay as they are") {
  for (const LessonCase& one : {LessonCase(5, 0), LessonCase(4, 4)})
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) CHECK(one.lesson(epoch).page == one.example.target);
  LessonCase pinned(5, 1);
  pinned.schema.pinned.push_back({"i0", 0});
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
    CHECK(pinned.lesson(epoch).page == pinned.example.target);
}

}  // namespace
}  // namespace pagewright
