#include "core/page/page_schema.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

using Causes = std::vector<std::string>;

Item violation_item(const std::string& id, std::optional<std::int64_t> price, const std::string& brand,
                    bool ad) {
  Item item;
  item.id = id;
  item.price = price;
  item.brand = brand;
  item.ad = ad;
  return item;
}

Request violation_request() {
  Request request;
  request.candidates = {violation_item("a", 100, "x", false), violation_item("b", 200, "x", false),
                        violation_item("c", 300, "y", true),  violation_item("d", {}, "", true),
                        violation_item("e", 500, "", false),  violation_item("f", 600, "z", true)};
  return request;
}

PageSchema violation_schema() {
  PageSchema schema;
  schema.section_types = {{"list", "list", 1, 4, 1, false, true},
                          {"strip", "ad_strip", 1, 2, 1, true, true},
                          {"pure", "grid", 1, 3, 2, false, false}};
  schema.max_sections = 2;
  return schema;
}

Causes violations(const PageSchema& schema, const Page& page) {
  return page_violations(schema, violation_request(), page);
}

}  // namespace

TEST_CASE("every rule of a schema has a cause of its own when a page breaks it") {
  PageSchema schema = violation_schema();
  CHECK((violations(schema, {{{0, {0, 1, 2, 3}}, {1, {5}}}}) == Causes{}));
  CHECK((violations(schema, {{{0, {0, 6}}}}) == Causes{"unknown_item"}));
  CHECK((violations(schema, {{{0, {0, -1}}}}) == Causes{"unknown_item"}));
  CHECK((violations(schema, {{{0, {0, 0}}}}) == Causes{"duplicate_item"}));
  CHECK((violations(schema, {{{0, {0}}, {2, {0}}}}) == Causes{"duplicate_item"}));
  CHECK((violations(schema, {{{3, {0}}}}) == Causes{"unknown_section"}));
  CHECK((violations(schema, {}) == Causes{"section_count"}));
  CHECK((violations(schema, {{{0, {0}}, {1, {2}}, {2, {1}}}}) == Causes{"section_count"}));
  CHECK((violations(schema, {{{0, {0}}, {0, {1}}}}) == Causes{"section_repeat"}));
  CHECK((violations(schema, {{{0, {}}}}) == Causes{"slot_range"}));
  CHECK((violations(schema, {{{1, {2, 3, 5}}}}) == Causes{"slot_range"}));
  CHECK((violations(schema, {{{1, {0}}}}) == Causes{"ads_only"}));
  CHECK((violations(schema, {{{2, {2}}}}) == Causes{"ads_forbidden"}));
  schema.repeat_sections = true;
  CHECK((violations(schema, {{{0, {0}}, {0, {1}}}}) == Causes{}));
  schema.section_order = {1, 0};
  CHECK((violations(schema, {{{0, {0}}, {1, {2}}}}) == Causes{"section_order"}));
  CHECK((violations(schema, {{{1, {2}}}}) == Causes{"section_order"}));
  CHECK((violations(schema, {{{1, {2}}, {0, {0}}}}) == Causes{}));
}

TEST_CASE("ads are counted and kept apart over section borders") {
  PageSchema schema = violation_schema();
  schema.max_ads = 2;
  CHECK((violations(schema, {{{0, {2, 3, 5}}}}) == Causes{"max_ads"}));
  schema.max_ads.reset();
  schema.min_ad_gap = 2;
  CHECK((violations(schema, {{{0, {0, 2}}, {1, {3}}}}) == Causes{"ad_gap"}));
  CHECK((violations(schema, {{{0, {2, 0, 3}}}}) == Causes{"ad_gap"}));
  CHECK((violations(schema, {{{0, {2, 0, 1, 3}}}}) == Causes{}));
}

TEST_CASE("caps count equal values, and items without the attribute not at all") {
  PageSchema schema = violation_schema();
  schema.caps = {{"brand", 1}};
  CHECK((violations(schema, {{{0, {0, 1}}}}) == Causes{"cap:brand"}));
  CHECK((violations(schema, {{{0, {0, 2, 3, 4}}}}) == Causes{}));
}

TEST_CASE(
    "price bands begin at their lower end, stop before their upper end, and skip items without a price") {
  PageSchema schema = violation_schema();
  schema.price_bands = {{200, 500, 1, 2}, {500, {}, 0, 1}};
  CHECK((violations(schema, {{{0, {0, 4}}}}) == Causes{"price_band:0"}));
  CHECK((violations(schema, {{{0, {1, 3}}}}) == Causes{}));
  CHECK((violations(schema, {{{0, {1, 4, 5}}}}) == Causes{"price_band:1"}));
  CHECK((violations(schema, {{{0, {4, 5}}}}) == Causes{"price_band:0", "price_band:1"}));
}

TEST_CASE("pinned items bind when they are candidates, slot rules when the slot is there") {
  PageSchema schema = violation_schema();
  schema.pinned = {{"b", {}}, {"c", 1}, {"elsewhere", 0}};
  CHECK((violations(schema, {{{0, {0, 2}}}}) == Causes{"pinned:b"}));
  CHECK((violations(schema, {{{0, {2, 1}}}}) == Causes{"pinned:c"}));
  CHECK((violations(schema, {{{0, {1}}, {1, {2}}}}) == Causes{}));
  schema.pinned.clear();
  schema.slot_rules = {{0, SlotRule::Kind::forbid_ads}, {2, SlotRule::Kind::only_ads}};
  CHECK((violations(schema, {{{0, {2, 0}}}}) == Causes{"slot_rule:0"}));
  CHECK((violations(schema, {{{0, {0, 2}}, {2, {1}}}}) == Causes{"slot_rule:2"}));
  CHECK((violations(schema, {{{0, {0, 1, 2}}}}) == Causes{}));
}

}  // namespace pagewright
