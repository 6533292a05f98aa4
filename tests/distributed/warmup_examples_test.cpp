#include "distributed/warmup/warmup_examples.hpp"

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// A grid of 3 and a strip of 1 slot; the strip takes ads only.
PageSchema warmup_schema(bool ads_only) {
  PageSchema schema;
  schema.section_types = {{.name = "grid", .layout = "grid", .min_slots = 3, .max_slots = 3},
                          {.name = "strip", .layout = "ad_strip", .min_slots = 1, .max_slots = 1}};
  schema.section_types[1].ads_only = ads_only;
  schema.min_sections = schema.max_sections = 2;
  schema.section_order = {0, 1};
  schema.max_candidates = 6;
  return schema;
}

/// Six candidates, the last two of them ads; the page shows 2, 0, 1 and, in the strip, 4.
FeedbackLog warmup_log(std::vector<Event> events, Split split = Split::train) {
  FeedbackLog log;
  LoggedRequest& logged = log.requests.emplace_back();
  logged.split = split;
  logged.request.id = "r";
  for (int i = 0; i < 6; ++i) {
    Item item;
    item.id = "i" + std::to_string(i);
    item.ad = i >= 4;
    logged.request.candidates.push_back(std::move(item));
  }
  LoggedPage& page = log.pages.emplace_back();
  page.page_id = "p";
  page.page.sections = {{0, {2, 0, 1}}, {1, {4}}};
  page.events = std::move(events);
  return log;
}

Event warmup_event(EventKind kind, int slot) {
  Event event;
  event.kind = kind;
  event.slot = slot;
  return event;
}

using Items = std::vector<std::int32_t>;
using Marks = std::vector<std::uint8_t>;

TEST_CASE("purchases come first, then carts, then clicks; ties and the rest keep their order") {
  const FeedbackLog log =
      warmup_log({warmup_event(EventKind::click, 3), warmup_event(EventKind::click, 1),
                  warmup_event(EventKind::purchase, 2), warmup_event(EventKind::click, 2)});
  const auto moved = warmup_examples(log, warmup_schema(false), Split::train, WarmupTarget::engaged_first);
  REQUIRE(moved.examples.size() == 1);
  CHECK(moved.examples[0].target.items() == Items{1, 0, 4, 2});
  CHECK(moved.examples[0].engaged == Marks{1, 1, 1, 0});
  CHECK(moved.examples[0].target.sections[0].items.size() == 3);
  CHECK(moved.kept_as_shown == 0);

  const FeedbackLog carts = warmup_log({warmup_event(EventKind::click, 0), warmup_event(EventKind::cart, 2)});
  CHECK(warmup_examples(carts, warmup_schema(false), Split::train, WarmupTarget::engaged_first)
            .examples[0]
            .target.items() == Items{1, 2, 0, 4});
}

TEST_CASE("a page that the schema would forbid with engaged items first keeps its order") {
  const FeedbackLog log = warmup_log({warmup_event(EventKind::click, 3)});  // an ad, which must stay below
  const auto kept = warmup_examples(log, warmup_schema(true), Split::train, WarmupTarget::engaged_first);
  REQUIRE(kept.examples.size() == 1);
  CHECK(kept.kept_as_shown == 1);
  CHECK(kept.examples[0].target == log.pages[0].page);
  CHECK(kept.examples[0].engaged == Marks{0, 0, 0, 1});
}

TEST_CASE("imitation keeps the page as shown, impressions are no engagement, other splits stay out") {
  const FeedbackLog log =
      warmup_log({warmup_event(EventKind::impression, 0), warmup_event(EventKind::click, 2)});
  const auto shown = warmup_examples(log, warmup_schema(true), Split::train, WarmupTarget::shown);
  REQUIRE(shown.examples.size() == 1);
  CHECK(shown.examples[0].target == log.pages[0].page);
  CHECK(shown.examples[0].engaged == Marks{0, 0, 1, 0});
  CHECK(warmup_examples(log, warmup_schema(true), Split::valid, WarmupTarget::shown).examples.empty());
}

TEST_CASE("a logged page that the schema does not allow is counted and left out") {
  FeedbackLog log = warmup_log({});
  log.pages[0].page.sections[1].items = {3};  // no ad
  const auto none = warmup_examples(log, warmup_schema(true), Split::train, WarmupTarget::shown);
  CHECK(none.examples.empty());
  CHECK(none.invalid == 1);
}

}  // namespace
}  // namespace pagewright
