#pragma once
// From the rows of a page to a request and a page of the log.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/table_map.hpp"

namespace pagewright {

/// A slot as the rows have it.
struct TableSlot {
  std::string section;
  double position = 0;
  Item item;
  std::vector<Event> events;  ///< without their slots
  std::optional<double> propensity;
};

/// A page whose rows are still coming.
struct TablePage {
  std::string key, file, visitor, policy;
  std::int64_t line = 0;  ///< where it begins
  bool broken = false;    ///< a row of it cannot be used
  Request request;
  std::vector<TableSlot> slots;
};

/// A page and its request, ready for the log.
struct ReadyPage {
  Request request;
  LoggedPage page;
  std::string visitor, file;
  std::int64_t line = 0;
};

/// Slots sorted into sections, sections in the order in which they come first. Candidates are `all_items`,
/// then the others in the order in which they are shown. Error for a propensity that is missing.
ReadyPage compose_page(const TableMap& map, TablePage draft, const std::vector<Item>& all_items);

}  // namespace pagewright
