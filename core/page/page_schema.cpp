#include "core/page/page_schema.hpp"

#include <algorithm>
#include <functional>

#include "core/base/error.hpp"
#include "core/base/sha256.hpp"

namespace pagewright {
namespace {

/// A text for hashing in which no two schemas read alike: every string comes with its length.
class CanonicalText {
 public:
  explicit CanonicalText(std::string_view title) { text(title); }
  CanonicalText& text(std::string_view value) {
    out_ += fmt::format("{}:{};", value.size(), value);
    return *this;
  }
  CanonicalText& number(std::int64_t value) {
    out_ += fmt::format("{};", value);
    return *this;
  }
  template <class Integer>
  CanonicalText& number(const std::optional<Integer>& value) {
    out_ += value ? fmt::format("{};", *value) : "-;";
    return *this;
  }
  CanonicalText& list(std::size_t size) { return number(static_cast<std::int64_t>(size)); }
  const std::string& str() const { return out_; }

 private:
  std::string out_;
};

}  // namespace

int PageSchema::max_slots() const {
  std::vector<int> sizes;
  if (!section_order.empty()) {
    for (const int type : section_order)
      sizes.push_back(section_types.at(static_cast<std::size_t>(type)).max_slots);
  } else {
    for (const SectionType& type : section_types) sizes.push_back(type.max_slots);
    std::sort(sizes.begin(), sizes.end(), std::greater<>());
    const auto most = static_cast<std::size_t>(std::max(max_sections, 0));
    if (repeat_sections && !sizes.empty()) sizes.assign(most, sizes.front());
    if (sizes.size() > most) sizes.resize(most);
  }
  std::int64_t total = 0;
  for (const int size : sizes) total += size;
  return static_cast<int>(std::min<std::int64_t>(total, max_candidates));
}

int PageSchema::max_response_tokens() const {
  int sections = static_cast<int>(section_order.size());
  if (sections == 0) {
    sections = max_sections;
    if (!repeat_sections) sections = std::min(sections, static_cast<int>(section_types.size()));
  }
  return max_slots() + 2 * sections + 1;
}

std::string PageSchema::hash() const {
  CanonicalText out("pagewright page schema 1");
  out.list(section_types.size());
  for (const SectionType& type : section_types) {
    out.text(type.name).text(type.layout).number(type.min_slots).number(type.max_slots).number(type.columns);
    out.number(type.ads_only).number(type.ads_allowed);
  }
  out.number(min_sections).number(max_sections);
  out.list(section_order.size());
  for (const int type : section_order) out.number(type);
  out.number(repeat_sections).number(max_candidates).number(max_ads).number(min_ad_gap);
  out.list(caps.size());
  for (const AttributeCap& cap : caps) out.text(cap.attribute).number(cap.max_count);
  out.list(price_bands.size());
  for (const PriceBand& band : price_bands)
    out.number(band.min_price).number(band.max_price).number(band.min_count).number(band.max_count);
  out.list(pinned.size());
  for (const PinnedItem& pin : pinned) out.text(pin.item_id).number(pin.slot);
  out.list(slot_rules.size());
  for (const SlotRule& rule : slot_rules) out.number(rule.slot).number(static_cast<int>(rule.kind));
  return sha256_hex(out.str());
}

}  // namespace pagewright
