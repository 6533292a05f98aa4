// check_satisfiable: is there any request at all that has a page under the schema?
#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "core/page/page_conflict.hpp"
#include "core/page/page_moves.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {
namespace {

void check_section_types(const PageSchema& schema) {
  require(!schema.section_types.empty(), "the schema has no section types: give section_types");
  std::set<std::string> names;
  for (const SectionType& type : schema.section_types) {
    require(names.insert(type.name).second, "section type {} is defined twice", type.name);
    require(type.min_slots >= 0 && type.max_slots >= 1 && type.min_slots <= type.max_slots,
            "section type {}: min_slots {} to max_slots {} is no range of slots", type.name, type.min_slots,
            type.max_slots);
    require(!type.ads_only || type.ads_allowed, "section type {} has ads_only, but ads_allowed is false",
            type.name);
  }
}

void check_section_counts(const PageSchema& schema) {
  const int types = static_cast<int>(schema.section_types.size());
  for (const int type : schema.section_order)
    require(type >= 0 && type < types, "section_order names section type {}, but there are {}", type, types);
  if (schema.section_order.empty()) {
    require(schema.min_sections >= 1 && schema.min_sections <= schema.max_sections,
            "min_sections {} to max_sections {} is no range of sections", schema.min_sections,
            schema.max_sections);
    require(schema.repeat_sections || schema.min_sections <= types,
            "min_sections is {}, but there are only {} section types and repeat_sections is off",
            schema.min_sections, types);
  }
  require(schema.max_candidates >= 1, "max_candidates must be at least 1");
  require(least_slots(schema) <= schema.max_candidates,
          "a page needs at least {} slots, but max_candidates is {} and no item may appear twice",
          least_slots(schema), schema.max_candidates);
}

void check_quota_ranges(const PageSchema& schema) {
  std::set<std::string> capped;
  for (const AttributeCap& cap : schema.caps) {
    require(cap.attribute == "brand" || cap.attribute == "seller" || cap.attribute == "category",
            "a cap is on brand, seller or category, not on `{}`", cap.attribute);
    require(capped.insert(cap.attribute).second, "the cap on {} is given twice", cap.attribute);
    require(cap.max_count >= 0, "max_per_{} must be at least 0, not {}", cap.attribute, cap.max_count);
  }
  for (std::size_t i = 0; i < schema.price_bands.size(); ++i) {
    const PriceBand& band = schema.price_bands[i];
    require(!band.max_price || *band.max_price > band.min_price,
            "price_bands[{}]: max_price must be above min_price, else the band holds no price", i);
    require(band.min_count >= 0 && (!band.max_count || *band.max_count >= band.min_count),
            "price_bands[{}]: max_count is below min_count", i);
    require(band.min_count <= schema.max_slots(),
            "price_bands[{}] needs at least {} slots, but a page has at most {}", i, band.min_count,
            schema.max_slots());
  }
  require(!schema.max_ads || *schema.max_ads >= 0, "max_ads must be at least 0");
  require(schema.min_ad_gap >= 0, "min_ad_gap must be at least 0");
}

void check_pins(const PageSchema& schema) {
  std::map<std::string, std::optional<int>> slot_of;
  std::map<int, std::string> item_of;
  for (const PinnedItem& pin : schema.pinned) {
    std::optional<int>& slot = slot_of[pin.item_id];
    if (!pin.slot) continue;
    require(!slot || *slot == *pin.slot, "item {} is pinned to slot {} and to slot {}", pin.item_id,
            slot.value_or(0), *pin.slot);
    slot = pin.slot;
    require(*pin.slot >= 0 && *pin.slot < schema.max_slots(),
            "item {} is pinned to slot {}, but a page has at most {} slots, counted from 0", pin.item_id,
            *pin.slot, schema.max_slots());
    const auto [holder, is_new] = item_of.emplace(*pin.slot, pin.item_id);
    require(is_new || holder->second == pin.item_id, "items {} and {} are both pinned to slot {}",
            holder->second, pin.item_id, *pin.slot);
  }
  require(static_cast<int>(slot_of.size()) <= schema.max_slots(),
          "{} items are pinned, but a page has at most {} slots", slot_of.size(), schema.max_slots());
  for (const SlotRule& rule : schema.slot_rules)
    require(rule.slot >= 0, "slot_rules: slots are counted from 0, not {}", rule.slot);
}

/// The request that is easiest to serve: of every price that a band tells apart, and of none, as many ads and
/// other items as a page has slots, all without brand, seller and category.
Request easiest_request(const PageSchema& schema) {
  std::set<std::int64_t> prices = {0};
  for (const PriceBand& band : schema.price_bands) {
    prices.insert(band.min_price);
    if (band.max_price) prices.insert(*band.max_price);
  }
  Request request;
  Item item;
  const auto add_items = [&] {
    for (const bool ad : {false, true}) {
      item.ad = ad;
      request.candidates.insert(request.candidates.end(), static_cast<std::size_t>(schema.max_slots()), item);
    }
  };
  add_items();
  for (const std::int64_t price : prices) {
    item.price = price;
    add_items();
  }
  return request;
}

/// Pinned items can be anything, so they only ask for their slots to exist and for enough slots.
bool some_request_has_a_page(const PageSchema& schema) {
  const Request request = easiest_request(schema);
  CandidateOrder order(request.candidates.size());
  std::iota(order.begin(), order.end(), 0);
  PageSchema unpinned = schema;
  unpinned.pinned.clear();
  ItemPool pool(unpinned, request, order);
  std::set<std::string> pinned;
  for (const PinnedItem& pin : schema.pinned) {
    pinned.insert(pin.item_id);
    if (pin.slot) pool.least_slots = std::max(pool.least_slots, *pin.slot + 1);
  }
  pool.least_slots = std::max(pool.least_slots, static_cast<int>(pinned.size()));
  const PageStructure structure(unpinned, {});
  return PageMoves(structure, pool, schema.max_ads, structure.start(), {}).can_complete();
}

}  // namespace

void check_satisfiable(const PageSchema& schema) {
  check_section_types(schema);
  check_section_counts(schema);
  check_quota_ranges(schema);
  check_pins(schema);
  if (some_request_has_a_page(schema)) return;
  const std::string rules = conflicting_rules(schema, some_request_has_a_page);
  fail("no request can have a page under this schema; these rules cannot be kept together: {}",
       rules.empty() ? "the slot ranges and numbers of the sections" : rules);
}

}  // namespace pagewright
