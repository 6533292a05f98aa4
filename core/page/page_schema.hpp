#pragma once
// What a page may look like: section types with their slot ranges, and the hard constraints on the items in
// them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/request.hpp"

namespace pagewright {

class Section;  // a configuration section, core/config

struct SectionType {
  std::string name;             ///< names the token <section:NAME>
  std::string layout = "list";  ///< carousel, grid, list, ad_strip, ...: how it is drawn, no constraint
  int min_slots = 1;
  int max_slots = 1;      ///< inclusive
  int columns = 1;        ///< of a grid, for drawing and two-dimensional positions
  bool ads_only = false;  ///< an ad strip: every slot holds an ad
  bool ads_allowed = true;
  bool operator==(const SectionType&) const = default;
};

/// At most `max_count` slots of the page whose item's attribute (brand, seller, category) has one and the
/// same value. Items without that attribute (empty) are not counted.
struct AttributeCap {
  std::string attribute;  ///< "brand", "seller" or "category"
  int max_count = 1;
  bool operator==(const AttributeCap&) const = default;
};

/// At least min_count and at most max_count slots with a price in [min_price, max_price) (minor units).
/// Items without a price belong to no band.
struct PriceBand {
  std::int64_t min_price = 0;
  std::optional<std::int64_t> max_price;
  int min_count = 0;
  std::optional<int> max_count;
  bool operator==(const PriceBand&) const = default;
};

/// An item that must be on the page, whenever it is among the candidates.
struct PinnedItem {
  std::string item_id;
  std::optional<int>
      slot;  ///< the page-order slot that must hold it (and so exist); absent: anywhere on the page
  bool operator==(const PinnedItem&) const = default;
};

/// Page-order slots where ads must not stand (`forbid_ads`) or must stand (`only_ads`).
struct SlotRule {
  int slot = 0;  ///< a rule for a slot that the page does not have says nothing
  enum class Kind { forbid_ads, only_ads } kind = Kind::forbid_ads;
  bool operator==(const SlotRule&) const = default;
};

struct PageSchema {
  std::vector<SectionType> section_types;
  int min_sections = 1;
  int max_sections = 1;
  /// If not empty, the page's sections are exactly these types in this order (indices into section_types).
  std::vector<int> section_order;
  bool repeat_sections = false;  ///< may one section type appear twice (ignored with section_order)
  int max_candidates = 64;       ///< number of pointer tokens
  std::optional<int> max_ads;    ///< on the page
  int min_ad_gap = 0;            ///< at least so many other slots between two ads, in page order
  std::vector<AttributeCap> caps;
  std::vector<PriceBand> price_bands;
  std::vector<PinnedItem> pinned;
  std::vector<SlotRule> slot_rules;
  bool operator==(const PageSchema&) const = default;

  /// Reads the schema from YAML (docs/page-language.md); problems are collected in the section's errors, an
  /// unsatisfiable schema among them.
  static PageSchema from(const Section& section);
  /// The most slots a page can have; items never repeat, so it is at most max_candidates.
  int max_slots() const;
  /// The most response tokens of a page: section starts and ends, slots, and the page end.
  int max_response_tokens() const;
  /// Unconstrained pages may run past it by so much before they are cut.
  static constexpr int kUnconstrainedSlack = 8;
  /// SHA-256 over a canonical rendering; stored in logs and checkpoints.
  std::string hash() const;
};

/// Throws Error with the reason if no request whatever has a valid page under the schema, so that a training
/// run is refused before it starts. Pinned items are taken to be among the candidates.
void check_satisfiable(const PageSchema& schema);

/// Why a page breaks the schema for a request, one entry per broken constraint; empty for a valid page.
/// Causes are short fixed names: unknown_item, duplicate_item, unknown_section, section_count, section_order,
/// section_repeat, slot_range, ads_only, ads_forbidden, max_ads, ad_gap, cap:<attribute>, price_band:<index>,
/// pinned:<item>, slot_rule:<slot>. This is an independent check: it does not use PageGrammar.
std::vector<std::string> page_violations(const PageSchema& schema, const Request& request, const Page& page);

}  // namespace pagewright
