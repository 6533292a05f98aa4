#include "core/page/page_schema.hpp"

#include "core/base/error.hpp"
#include "core/config/config_file.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

PageSchema read_schema(const std::string& yaml) {
  const ConfigFile file = parse_config(yaml, "schema.yaml");
  const PageSchema schema = PageSchema::from(file.root());
  file.finish();
  return schema;
}

std::string schema_errors(const std::string& yaml) {
  try {
    read_schema(yaml);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool schema_mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

PageSchema two_lists() {
  PageSchema schema;
  schema.section_types = {{"top", "list", 2, 3, 1, false, true}, {"more", "grid", 3, 4, 2, false, true}};
  schema.section_order = {0, 1};
  return schema;
}

std::string satisfiable_problem(const PageSchema& schema) {
  try {
    check_satisfiable(schema);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr const char* kFullSchema = R"(
section_types:
  top: {layout: carousel, min_slots: 2, max_slots: 4}
  strip: {layout: ad_strip, max_slots: 2, ads_only: true}
  more: {layout: grid, min_slots: 3, max_slots: 6, columns: 3, ads_allowed: false}
section_order: [top, strip, more]
max_candidates: 20
max_ads: 3
min_ad_gap: 1
max_per_brand: 2
max_per_category: 4
price_bands:
  - {max_price: 1000, min_count: 1}
  - {min_price: 5000, max_count: 2}
pinned:
  - {item: B07, slot: 0}
  - {item: B08}
slot_rules:
  - {slot: 1, rule: forbid_ads}
)";

}  // namespace

TEST_CASE("a schema is read from YAML with all its rules") {
  const PageSchema schema = read_schema(kFullSchema);
  REQUIRE(schema.section_types.size() == 3);
  CHECK((schema.section_types[0] == SectionType{"top", "carousel", 2, 4, 1, false, true}));
  CHECK((schema.section_types[1] == SectionType{"strip", "ad_strip", 1, 2, 1, true, true}));
  CHECK((schema.section_types[2] == SectionType{"more", "grid", 3, 6, 3, false, false}));
  CHECK((schema.section_order == std::vector<int>{0, 1, 2}));
  CHECK(schema.max_candidates == 20);
  CHECK(schema.max_ads == 3);
  CHECK(schema.min_ad_gap == 1);
  CHECK((schema.caps == std::vector<AttributeCap>{{"brand", 2}, {"category", 4}}));
  CHECK((schema.price_bands == std::vector<PriceBand>{{0, 1000, 1, {}}, {5000, {}, 0, 2}}));
  CHECK((schema.pinned == std::vector<PinnedItem>{{"B07", 0}, {"B08", {}}}));
  CHECK((schema.slot_rules == std::vector<SlotRule>{{1, SlotRule::Kind::forbid_ads}}));
  CHECK(schema.max_slots() == 12);
  CHECK(schema.max_response_tokens() == 19);
}

TEST_CASE("mistakes in a schema are reported together with their places") {
  const std::string errors = schema_errors(R"(
section_types:
  top: {min_slots: 4, max_slots: 2}
  "<x>": {max_slots: 2}
section_order: [top, hero]
price_bands: [{min_price: 500, max_price: 500}]
slot_rules: [{slot: 0, rule: no_ads}]
max_adz: 3
)");
  INFO(errors);
  CHECK(schema_mentions(errors, "schema.yaml:3:20: min_slots 4 is above max_slots 2"));
  CHECK(schema_mentions(errors, "section_order names `hero`"));
  CHECK(schema_mentions(errors, "max_price must be above min_price"));
  CHECK(schema_mentions(errors, "forbid_ads"));
  CHECK(schema_mentions(errors, "max_adz"));
  CHECK(schema_mentions(errors, "a section type needs a name without"));
  CHECK(schema_mentions(schema_errors("max_candidates: 5"), "section_types must name at least one"));
}

TEST_CASE("an unsatisfiable schema is refused when it is read") {
  CHECK(
      schema_mentions(schema_errors("section_types: {top: {min_slots: 8, max_slots: 8}}\nmax_candidates: 5"),
                      "a page needs at least 8 slots, but max_candidates is 5"));
}

TEST_CASE("the number of slots of a page is bounded by sections and candidates") {
  PageSchema schema = two_lists();
  CHECK(schema.max_slots() == 7);
  schema.section_order.clear();
  CHECK(schema.max_slots() == 4);
  schema.max_sections = 2;
  CHECK(schema.max_slots() == 7);
  schema.max_sections = 5;
  CHECK(schema.max_slots() == 7);
  CHECK(schema.max_response_tokens() == 12);
  schema.repeat_sections = true;
  CHECK(schema.max_slots() == 20);
  schema.max_candidates = 6;
  CHECK(schema.max_slots() == 6);
}

TEST_CASE("a schema that no request can satisfy is refused with the reason") {
  CHECK(satisfiable_problem(two_lists()) == "no error");
  PageSchema schema = two_lists();
  schema.section_types[1].ads_only = true;
  schema.max_ads = 2;
  CHECK(satisfiable_problem(schema) ==
        "no request can have a page under this schema; these rules cannot be kept together: section type "
        "more holds "
        "ads only, max_ads 2");
  schema.max_ads.reset();
  schema.min_ad_gap = 1;
  CHECK(schema_mentions(satisfiable_problem(schema), "section type more holds ads only, min_ad_gap 1"));

  schema = two_lists();
  schema.slot_rules = {{1, SlotRule::Kind::only_ads}, {1, SlotRule::Kind::forbid_ads}};
  CHECK(schema_mentions(satisfiable_problem(schema), "slot 1 holds ads only, slot 1 holds no ads"));
  schema.slot_rules = {{6, SlotRule::Kind::only_ads}, {6, SlotRule::Kind::forbid_ads}};
  CHECK(satisfiable_problem(schema) == "no error");  // a page of 6 slots has no slot 6

  schema = two_lists();
  schema.price_bands = {{0, 100, 8, {}}};
  CHECK(schema_mentions(satisfiable_problem(schema),
                        "price_bands[0] needs at least 8 slots, but a page has at most 7"));
  schema.price_bands = {{0, 100, 4, {}}, {100, {}, 4, {}}};
  CHECK(schema_mentions(
      satisfiable_problem(schema),
      "price_bands[0] (at least 4 slots with prices from 0 to below 100), price_bands[1] (at least 4"));
  schema.price_bands = {{0, 100, 4, {}}, {50, {}, 4, {}}};  // prices from 50 to 99 serve both
  CHECK(satisfiable_problem(schema) == "no error");
  schema.price_bands = {{0, 100, 3, {}}, {0, {}, 0, 2}};
  CHECK(schema_mentions(satisfiable_problem(schema), "price_bands[0]"));

  schema = two_lists();
  schema.pinned = {{"a", 7}};
  CHECK(schema_mentions(satisfiable_problem(schema),
                        "item a is pinned to slot 7, but a page has at most 7 slots"));
  schema.pinned = {{"a", 1}, {"b", 1}};
  CHECK(schema_mentions(satisfiable_problem(schema), "items a and b are both pinned to slot 1"));
  schema.pinned = {{"a", 1}, {"a", 2}};
  CHECK(schema_mentions(satisfiable_problem(schema), "item a is pinned to slot 1 and to slot 2"));

  schema = two_lists();
  schema.section_order.clear();
  schema.min_sections = schema.max_sections = 3;
  CHECK(
      schema_mentions(satisfiable_problem(schema), "min_sections is 3, but there are only 2 section types"));
  schema.repeat_sections = true;
  CHECK(satisfiable_problem(schema) == "no error");
}

TEST_CASE("sections that combine in too many ways are refused by name") {
  PageSchema schema;
  for (int i = 0; i < 40; ++i)
    schema.section_types.push_back({"type" + std::to_string(i), "list", 1, 1, 1, false, true});
  schema.max_sections = 40;
  CHECK(schema_mentions(satisfiable_problem(schema), "combine in too many ways"));
  schema.repeat_sections = true;
  CHECK(satisfiable_problem(schema) == "no error");
}

TEST_CASE("the hash of a schema changes with every field") {
  const PageSchema base = read_schema(kFullSchema);
  std::vector<PageSchema> variants(18, base);
  variants[1].section_types[0].name = "Top";
  variants[2].section_types[0].layout = "list";
  variants[3].section_types[0].min_slots = 1;
  variants[4].section_types[0].max_slots = 5;
  variants[5].section_types[0].columns = 2;
  variants[6].section_types[0].ads_only = true;
  variants[7].section_types[0].ads_allowed = false;
  variants[8].max_sections = 2;
  variants[9].section_order = {0, 2, 1};
  variants[10].repeat_sections = true;
  variants[11].max_candidates = 21;
  variants[12].max_ads.reset();
  variants[13].min_ad_gap = 2;
  variants[14].caps[0].max_count = 3;
  variants[15].price_bands[1].max_price = 0;
  variants[16].pinned[1].slot = 0;
  variants[17].slot_rules[0].kind = SlotRule::Kind::only_ads;
  for (std::size_t i = 0; i < variants.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) CHECK(variants[i].hash() != variants[k].hash());
  CHECK(base.hash() == read_schema(kFullSchema).hash());
  CHECK(base.hash().size() == 64);
}

}  // namespace pagewright
