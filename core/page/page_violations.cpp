#include <map>
#include <set>

#include <fmt/format.h>

#include "core/page/page_schema.hpp"

namespace pagewright {
namespace {

/// A slot whose item is a known candidate.
struct FilledSlot {
  int place = 0;  ///< page-order slot
  int section_type = 0;
  const Item* item = nullptr;
};

class ViolationList {
 public:
  void add(bool broken, std::string cause) {
    if (broken && seen_.insert(cause).second) causes_.push_back(std::move(cause));
  }
  std::vector<std::string> take() && { return std::move(causes_); }

 private:
  std::set<std::string> seen_;
  std::vector<std::string> causes_;
};

std::vector<FilledSlot> filled_slots(const Request& request, const Page& page, ViolationList& found) {
  std::vector<FilledSlot> slots;
  std::set<std::int32_t> seen;
  int place = 0;
  for (const PageSection& section : page.sections) {
    for (const std::int32_t index : section.items) {
      const bool known = index >= 0 && static_cast<std::size_t>(index) < request.candidates.size();
      found.add(!known, "unknown_item");
      found.add(!seen.insert(index).second, "duplicate_item");
      if (known) slots.push_back({place, section.type, &request.candidates[static_cast<std::size_t>(index)]});
      ++place;
    }
  }
  return slots;
}

void check_sections(const PageSchema& schema, const Page& page, ViolationList& found) {
  std::vector<int> types;
  for (const PageSection& section : page.sections) {
    types.push_back(section.type);
    const bool known =
        section.type >= 0 && static_cast<std::size_t>(section.type) < schema.section_types.size();
    found.add(!known, "unknown_section");
    if (!known) continue;
    const SectionType& type = schema.section_types[static_cast<std::size_t>(section.type)];
    const int slots = static_cast<int>(section.items.size());
    found.add(slots < type.min_slots || slots > type.max_slots, "slot_range");
  }
  if (!schema.section_order.empty()) {
    found.add(types != schema.section_order, "section_order");
    return;
  }
  const int count = static_cast<int>(types.size());
  found.add(count < schema.min_sections || count > schema.max_sections, "section_count");
  const std::set<int> distinct(types.begin(), types.end());
  found.add(!schema.repeat_sections && distinct.size() < types.size(), "section_repeat");
}

void check_ads(const PageSchema& schema, const std::vector<FilledSlot>& slots, ViolationList& found) {
  int ads = 0;
  std::optional<int> last_ad;
  for (const FilledSlot& slot : slots) {
    if (slot.section_type >= 0 && static_cast<std::size_t>(slot.section_type) < schema.section_types.size()) {
      const SectionType& type = schema.section_types[static_cast<std::size_t>(slot.section_type)];
      found.add(type.ads_only && !slot.item->ad, "ads_only");
      found.add(!type.ads_allowed && slot.item->ad, "ads_forbidden");
    }
    if (!slot.item->ad) continue;
    found.add(last_ad && slot.place - *last_ad - 1 < schema.min_ad_gap, "ad_gap");
    last_ad = slot.place;
    ++ads;
  }
  found.add(schema.max_ads && ads > *schema.max_ads, "max_ads");
}

const std::string& capped_attribute(const Item& item, const std::string& attribute) {
  if (attribute == "brand") return item.brand;
  if (attribute == "seller") return item.seller;
  return item.category;
}

void check_quotas(const PageSchema& schema, const std::vector<FilledSlot>& slots, ViolationList& found) {
  for (const AttributeCap& cap : schema.caps) {
    std::map<std::string, int> counts;
    for (const FilledSlot& slot : slots) {
      const std::string& value = capped_attribute(*slot.item, cap.attribute);
      if (!value.empty()) found.add(++counts[value] > cap.max_count, "cap:" + cap.attribute);
    }
  }
  for (std::size_t i = 0; i < schema.price_bands.size(); ++i) {
    const PriceBand& band = schema.price_bands[i];
    int count = 0;
    for (const FilledSlot& slot : slots) {
      const std::optional<std::int64_t>& price = slot.item->price;
      if (price && *price >= band.min_price && (!band.max_price || *price < *band.max_price)) ++count;
    }
    found.add(count < band.min_count || (band.max_count && count > *band.max_count),
              fmt::format("price_band:{}", i));
  }
}

void check_places(const PageSchema& schema, const Request& request, const std::vector<FilledSlot>& slots,
                  ViolationList& found) {
  for (const PinnedItem& pin : schema.pinned) {
    bool offered = false;
    for (const Item& item : request.candidates) offered = offered || item.id == pin.item_id;
    if (!offered) continue;
    bool placed = false;
    for (const FilledSlot& slot : slots)
      placed = placed || (slot.item->id == pin.item_id && (!pin.slot || *pin.slot == slot.place));
    found.add(!placed, "pinned:" + pin.item_id);
  }
  for (const SlotRule& rule : schema.slot_rules)
    for (const FilledSlot& slot : slots)
      found.add(slot.place == rule.slot && slot.item->ad != (rule.kind == SlotRule::Kind::only_ads),
                fmt::format("slot_rule:{}", rule.slot));
}

}  // namespace

std::vector<std::string> page_violations(const PageSchema& schema, const Request& request, const Page& page) {
  ViolationList found;
  check_sections(schema, page, found);
  const std::vector<FilledSlot> slots = filled_slots(request, page, found);
  check_ads(schema, slots, found);
  check_quotas(schema, slots, found);
  check_places(schema, request, slots, found);
  return std::move(found).take();
}

}  // namespace pagewright
