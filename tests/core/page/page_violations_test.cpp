#include "core/page/page_schema.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

using ViolationCauses = std::vector<std::string>;

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

ViolationCauses violation_causes(const PageSchema& schema, const Page& page) {
  return page_violations(schema, violation_request(), page);
}

}  // namespace

TEST_CASE("every rule of a schema has a cause of its own when a page breaks it") {
  PageSchema schema = violation_schema();
  CHECK((violation_causes(schema, {{{0, {0, 1, 2, 3}}, {1, {5}}}}) == ViolationCauses{}));
  CHECK((violation_causes(schema, {{{0, {0, 6}}}}) == ViolationCauses{"unknown_item"}));
  CHECK((violation_causes(schema, {{{0, {0, -1}}}}) == ViolationCauses{"unknown_item"}));
  CHECK((violation_causes(schema, {{{0, {0, 0}}}}) == ViolationCauses{"duplicate_item"}));
  CHECK((violation_causes(schema, {{{0, {0}}, {2, {0}}}}) == ViolationCauses{"duplicate_item"}));
  CHECK((violation_causes(schema, {{{3, {0}}}}) == ViolationCauses{"unknown_section"}));
  CHECK((violation_causes(schema, {}) == ViolationCauses{"section_count"}));
  CHECK((violation_causes(schema, {{{0, {0}}, {1, {2}}, {2, {1}}}}) == ViolationCauses{"section_count"}));
  CHECK((violation_causes(schema, {{{0, {0}}, {0, {1}}}}) == ViolationCauses{"section_repeat"}));
  CHECK((violation_causes(schema, {{{0, {}}}}) == ViolationCauses{"slot_range"}));
  CHECK((violation_causes(schema, {{{1, {2, 3, 5}}}}) == ViolationCauses{"slot_range"}));
  CHECK((violation_causes(schema, {{{1, {0}}}}) == ViolationCauses{"ads_only"}));
  CHECK((violation_causes(schema, {{{2, {2}}}}) == ViolationCauses{"ads_forbidden"}));
  schema.repeat_sections = true;
  CHECK((violation_causes(schema, {{{0, {0}}, {0, {1}}}}) == ViolationCauses{}));
  schema.section_order = {1, 0};
  CHECK((violation_causes(schema, {{{0, {0}}, {1, {2}}}}) == ViolationCauses{"section_order"}));
  CHECK((violation_causes(schema, {{{1, {2}}}}) == ViolationCauses{"section_order"}));
  CHECK((violation_causes(schema, {{{1, {2}}, {0, {0}}}}) == ViolationCauses{}));
}

TEST_CASE("ads are counted and kept apart over section borders") {
  PageSchema schema = violation_schema();
  schema.max_ads = 2;
  CHECK((violation_causes(schema, {{{0, {2, 3, 5}}}}) == ViolationCauses{"max_ads"}));
  schema.max_ads.reset();
  schema.min_ad_gap = 2;
  CHECK((violation_causes(schema, {{{0, {0, 2}}, {1, {3}}}}) == ViolationCauses{"ad_gap"}));
  CHECK((violation_causes(schema, {{{0, {2, 0, 3}}}}) == ViolationCauses{"ad_gap"}));
  CHECK((violation_causes(schema, {{{0, {2, 0, 1, 3}}}}) == ViolationCauses{}));
}

TEST_CASE("caps count equal values, and items without the attribute not at all") {
  PageSchema schema = violation_schema();
  schema.caps = {{"brand", 1}};
  CHECK((violation_causes(schema, {{{0, {0, 1}}}}) == ViolationCauses{"cap:brand"}));
  CHECK((violation_causes(schema, {{{0, {0, 2, 3, 4}}}}) == ViolationCauses{}));
}

TEST_CASE(
    "price bands begin at their lower end, stop before their upper end, and skip items without a price") {
  PageSchema schema = violation_schema();
  schema.price_bands = {{200, 500, 1, 2}, {500, {}, 0, 1}};
  CHECK((violation_causes(schema, {{{0, {0, 4}}}}) == ViolationCauses{"price_band:0"}));
  CHECK((violation_causes(schema, {{{0, {1, 3}}}}) == ViolationCauses{}));
  CHECK((violation_causes(schema, {{{0, {1, 4, 5}}}}) == ViolationCauses{"price_band:1"}));
  CHECK((violation_causes(schema, {{{0, {4, 5}}}}) == ViolationCauses{"price_band:0", "price_band:1"}));
}

TEST_CASE("pinned items bind when they are candidates, slot rules when the slot is there") {
  PageSchema schema = violation_schema();
  schema.pinned = {{"b", {}}, {"c", 1}, {"elsewhere", 0}};
  CHECK((violation_causes(schema, {{{0, {0, 2}}}}) == ViolationCauses{"pinned:b"}));
  CHECK((violation_causes(schema, {{{0, {2, 1}}}}) == ViolationCauses{"pinned:c"}));
  CHECK((violation_causes(schema, {{{0, {1}}, {1, {2}}}}) == ViolationCauses{}));
  schema.pinned.clear();
  schema.slot_rules = {{0, SlotRule::Kind::forbid_ads}, {2, SlotRule::Kind::only_ads}};
  CHECK((violation_causes(schema, {{{0, {2, 0}}}}) == ViolationCauses{"slot_rule:0"}));
  CHECK((violation_causes(schema, {{{0, {0, 2}}, {2, {1}}}}) == ViolationCauses{"slot_rule:2"}));
  CHECK((violation_causes(schema, {{{0, {0, 1, 2}}}}) == ViolationCauses{}));
}

}  // namespace pagewright
