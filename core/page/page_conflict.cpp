#include "core/page/page_conflict.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace pagewright {
namespace {

/// One rule, and how it is put into a schema that lacks it.
struct RemovableRule {
  std::string text;
  std::function<void(PageSchema&)> add;
};

std::string band_text(const PriceBand& band, std::size_t index) {
  std::string text = fmt::format("price_bands[{}] ({} slots", index,
                                 band.max_count ? fmt::format("{} to {}", band.min_count, *band.max_count)
                                                : fmt::format("at least {}", band.min_count));
  text += fmt::format(" with prices from {}", band.min_price);
  if (band.max_price) text += fmt::format(" to below {}", *band.max_price);
  return text + ")";
}

std::string pin_text(const PinnedItem& pin) {
  if (pin.slot) return fmt::format("item {} pinned to slot {}", pin.item_id, *pin.slot);
  return fmt::format("item {} pinned", pin.item_id);
}

void add_section_rules(const PageSchema& schema, std::vector<RemovableRule>& rules) {
  for (std::size_t i = 0; i < schema.section_types.size(); ++i) {
    const SectionType& type = schema.section_types[i];
    if (type.ads_only)
      rules.push_back({fmt::format("section type {} holds ads only", type.name),
                       [i](PageSchema& out) { out.section_types[i].ads_only = true; }});
    if (!type.ads_allowed)
      rules.push_back({fmt::format("section type {} holds no ads", type.name),
                       [i](PageSchema& out) { out.section_types[i].ads_allowed = false; }});
  }
}

std::vector<RemovableRule> removable_rules(const PageSchema& schema) {
  std::vector<RemovableRule> rules;
  add_section_rules(schema, rules);
  if (schema.max_ads)
    rules.push_back({fmt::format("max_ads {}", *schema.max_ads),
                     [n = schema.max_ads](PageSchema& out) { out.max_ads = n; }});
  if (schema.min_ad_gap > 0)
    rules.push_back({fmt::format("min_ad_gap {}", schema.min_ad_gap),
                     [n = schema.min_ad_gap](PageSchema& out) { out.min_ad_gap = n; }});
  for (const AttributeCap& cap : schema.caps)
    rules.push_back({fmt::format("max_per_{} {}", cap.attribute, cap.max_count),
                     [cap](PageSchema& out) { out.caps.push_back(cap); }});
  for (std::size_t i = 0; i < schema.price_bands.size(); ++i)
    rules.push_back({band_text(schema.price_bands[i], i),
                     [band = schema.price_bands[i]](PageSchema& out) { out.price_bands.push_back(band); }});
  for (const PinnedItem& pin : schema.pinned)
    rules.push_back({pin_text(pin), [pin](PageSchema& out) { out.pinned.push_back(pin); }});
  for (const SlotRule& rule : schema.slot_rules)
    rules.push_back({fmt::format("slot {} {}", rule.slot,
                                 rule.kind == SlotRule::Kind::only_ads ? "holds ads only" : "holds no ads"),
                     [rule](PageSchema& out) { out.slot_rules.push_back(rule); }});
  return rules;
}

PageSchema sections_alone(const PageSchema& schema) {
  PageSchema out = schema;
  for (SectionType& type : out.section_types) {
    type.ads_only = false;
    type.ads_allowed = true;
  }
  out.max_ads.reset();
  out.min_ad_gap = 0;
  out.caps.clear();
  out.price_bands.clear();
  out.pinned.clear();
  out.slot_rules.clear();
  return out;
}

}  // namespace

std::string conflicting_rules(const PageSchema& schema,
                              const std::function<bool(const PageSchema&)>& possible) {
  const PageSchema bare = sections_alone(schema);
  if (!possible(bare)) return {};
  std::vector<RemovableRule> rules = removable_rules(schema);
  // Leave out one rule after another for good, unless that would make a page possible.
  for (std::size_t i = 0; i < rules.size();) {
    PageSchema without = bare;
    for (std::size_t k = 0; k < rules.size(); ++k)
      if (k != i) rules[k].add(without);
    if (possible(without))
      ++i;
    else
      rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::string text;
  for (const RemovableRule& rule : rules) text += (text.empty() ? "" : ", ") + rule.text;
  return text;
}

int least_slots(const PageSchema& schema) {
  std::vector<int> sizes;
  if (!schema.section_order.empty()) {
    for (const int type : schema.section_order)
      sizes.push_back(schema.section_types[static_cast<std::size_t>(type)].min_slots);
  } else {
    for (const SectionType& type : schema.section_types) sizes.push_back(type.min_slots);
    std::sort(sizes.begin(), sizes.end());
    const auto fewest = static_cast<std::size_t>(std::max(schema.min_sections, 0));
    if (schema.repeat_sections && !sizes.empty()) sizes.assign(fewest, sizes.front());
    if (sizes.size() > fewest) sizes.resize(fewest);
  }
  std::int64_t total = 0;
  for (const int size : sizes) total += size;
  return static_cast<int>(std::min<std::int64_t>(total, std::numeric_limits<int>::max()));
}

}  // namespace pagewright
