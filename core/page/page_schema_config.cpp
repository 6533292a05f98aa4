// PageSchema from YAML.
#include <set>

#include "core/base/error.hpp"
#include "core/config/section.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {
namespace {

constexpr int kMostSlots = 4096;  ///< more would be no page; keeps all sums far from overflow

/// Complains and remembers that the schema is not worth checking as a whole.
void complain_of_schema(const Section& section, std::string_view key, const std::string& text, bool& sound) {
  section.complain(key, text);
  sound = false;
}

SectionType read_section_type(const Section& section, bool& sound) {
  SectionType type;
  type.name = section.name();
  const Range slots = in_closed(1, kMostSlots).in_units("slots");
  section.read("layout", type.layout,
               "how the section is drawn: list, grid, carousel, ad_strip or any other name");
  section.read("min_slots", type.min_slots, slots, "fewest slots of the section");
  section.read_required("max_slots", type.max_slots, slots, "most slots of the section");
  section.read("columns", type.columns, in_closed(1, kMostSlots), "columns of a grid, for drawing");
  section.read("ads_only", type.ads_only, "every slot holds an ad");
  section.read("ads_allowed", type.ads_allowed, "whether ads may stand in the section");
  if (type.name.empty() || type.name.find_first_of("<>\n") != std::string::npos)
    complain_of_schema(section, "", "a section type needs a name without '<', '>' and line ends", sound);
  if (type.min_slots > type.max_slots)
    complain_of_schema(section, "min_slots",
                       fmt::format("min_slots {} is above max_slots {}", type.min_slots, type.max_slots),
                       sound);
  return type;
}

PriceBand read_price_band(const Section& section, bool& sound) {
  PriceBand band;
  section.read("min_price", band.min_price, at_least(0).in_units("minor units"), "lowest price of the band");
  section.read("max_price", band.max_price, at_least(0).in_units("minor units"),
               "the band ends below this price; without it, it has no upper end");
  section.read("min_count", band.min_count, in_closed(0, kMostSlots),
               "fewest slots with a price in the band");
  section.read("max_count", band.max_count, in_closed(0, kMostSlots), "most slots with a price in the band");
  if (band.max_price && *band.max_price <= band.min_price)
    complain_of_schema(section, "max_price",
                       "max_price must be above min_price, else the band holds no price", sound);
  if (band.max_count && *band.max_count < band.min_count)
    complain_of_schema(section, "max_count", "max_count is below min_count", sound);
  return band;
}

PinnedItem read_pinned_item(const Section& section, bool& sound) {
  PinnedItem pin;
  section.read_required("item", pin.item_id, "id of an item that must be on the page when it is a candidate");
  section.read("slot", pin.slot, in_closed(0, kMostSlots),
               "the slot it must have, counted from 0 over the page");
  if (section.has("item") && pin.item_id.empty())
    complain_of_schema(section, "item", "item must be the id of an item", sound);
  return pin;
}

SlotRule read_slot_rule(const Section& section) {
  SlotRule rule;
  section.read_required("slot", rule.slot, in_closed(0, kMostSlots), "slot, counted from 0 over the page");
  section.read_required_enum(
      "rule", rule.kind, {{"forbid_ads", SlotRule::Kind::forbid_ads}, {"only_ads", SlotRule::Kind::only_ads}},
      "what the slot may hold");
  return rule;
}

void read_section_rules(const Section& section, PageSchema& schema, bool& sound) {
  for (const Section& child :
       section.named_children("section_types", "kinds of sections by name: each has a token <section:NAME>"))
    schema.section_types.push_back(read_section_type(child, sound));
  if (schema.section_types.empty())
    complain_of_schema(section, "section_types", "section_types must name at least one kind of section",
                       sound);
  section.read("min_sections", schema.min_sections, in_closed(1, kMostSlots), "fewest sections of a page");
  section.read("max_sections", schema.max_sections, in_closed(1, kMostSlots), "most sections of a page");
  if (schema.max_sections < schema.min_sections)
    complain_of_schema(
        section, "max_sections",
        fmt::format("max_sections {} is below min_sections {}", schema.max_sections, schema.min_sections),
        sound);
  section.read("repeat_sections", schema.repeat_sections, "whether a kind of section may appear twice");
  std::vector<std::string> order;
  section.read("section_order", order,
               "if not empty: the sections of every page, in this order; min_sections, max_sections and "
               "repeat_sections then say nothing");
  for (const std::string& name : order) {
    int index = -1;
    for (std::size_t i = 0; i < schema.section_types.size(); ++i)
      if (schema.section_types[i].name == name) index = static_cast<int>(i);
    if (index >= 0)
      schema.section_order.push_back(index);
    else
      complain_of_schema(section, "section_order",
                         fmt::format("section_order names `{}`, which section_types lacks", name), sound);
  }
}

void read_caps(const Section& section, PageSchema& schema) {
  for (const char* attribute : {"brand", "seller", "category"}) {
    std::optional<int> most;
    section.read(fmt::format("max_per_{}", attribute), most, in_closed(1, kMostSlots).in_units("slots"),
                 fmt::format("most slots of a page with items of one {}", attribute));
    if (most) schema.caps.push_back({attribute, *most});
  }
}

}  // namespace

PageSchema PageSchema::from(const Section& section) {
  PageSchema schema;
  bool sound = true;
  read_section_rules(section, schema, sound);
  section.read("max_candidates", schema.max_candidates, in_closed(1, kMostSlots).in_units("candidates"),
               "most candidates of a request; the vocabulary has so many pointer tokens");
  section.read("max_ads", schema.max_ads, in_closed(0, kMostSlots), "most ads on a page");
  section.read("min_ad_gap", schema.min_ad_gap, in_closed(0, kMostSlots).in_units("slots"),
               "fewest other slots between two ads");
  read_caps(section, schema);
  for (const Section& child :
       section.children("price_bands", "how many slots may hold items of a price band"))
    schema.price_bands.push_back(read_price_band(child, sound));
  for (const Section& child : section.children("pinned", "items that must be on the page"))
    schema.pinned.push_back(read_pinned_item(child, sound));
  for (const Section& child : section.children("slot_rules", "slots where ads must or must not stand"))
    schema.slot_rules.push_back(read_slot_rule(child));
  if (!sound) return schema;
  try {
    check_satisfiable(schema);
  } catch (const Error& error) {
    section.complain("", error.what());
  }
  return schema;
}

}  // namespace pagewright
