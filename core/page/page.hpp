#pragma once
// A composed page: ordered sections of slots, each slot one candidate of the request.

#include <cstdint>
#include <string>
#include <vector>

namespace pagewright {

/// One section as composed. `items` index into Request::candidates, in slot order.
struct PageSection {
  int type = 0;                     ///< index into PageSchema::section_types
  std::vector<std::int32_t> items;  ///< [slots of this section]
  bool operator==(const PageSection&) const = default;
};

/// A page of K slots in all. Slot order is section by section, first to last ("page order").
struct Page {
  std::vector<PageSection> sections;
  bool operator==(const Page&) const = default;

  /// All items in page order, [K].
  std::vector<std::int32_t> items() const;
  /// Number of slots K.
  int slot_count() const;
};

/// Where a slot lies: the section's ordinal on the page and the slot's ordinal in the section (both from 0).
struct SlotPlace {
  int section = 0;
  int slot = 0;
  bool operator==(const SlotPlace&) const = default;
};

/// Places of all slots in page order, [K].
std::vector<SlotPlace> slot_places(const Page& page);

}  // namespace pagewright
