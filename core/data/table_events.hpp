#pragma once
// Events from tables of their own, joined to the pages they belong to.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/data/table_map.hpp"
#include "core/data/table_page.hpp"

namespace pagewright {

class ImportRows;
class ImportSink;

/// An event that has not found its page yet.
struct TableEvent {
  Event event;  ///< without a slot
  std::string item;
  std::int64_t window = 0;  ///< of those that are joined by visitor
};

/// All event tables of a map, in memory.
class TableEvents {
 public:
  /// Reads the tables, relative ones from `folder`. Rows that cannot be used are noted; events of an id that
  /// was seen, and those of other actions, are counted.
  TableEvents(const TableMap& map, const std::filesystem::path& folder, ImportSink& sink, ImportRows& rows);

  /// Takes the events of a page's key; none if there are none (any more).
  std::vector<TableEvent> take_of_page(const std::string& page);
  /// Events of visitors, in order of time.
  const std::map<std::string, std::vector<TableEvent>>& by_visitor() const { return by_visitor_; }
  /// Counts those whose page did not come.
  void count_left(ImportSink& sink) const;

 private:
  void read(const TableMap& map, const EventTable& table, TableFile& file, ImportSink& sink,
            ImportRows& rows);

  std::unordered_map<std::string, std::vector<TableEvent>> by_page_;
  std::map<std::string, std::vector<TableEvent>> by_visitor_;
};

/// Puts the events of a page on its slots; those on items that it does not show are counted.
void join_to_page(const std::vector<TableEvent>& events, ReadyPage& ready, ImportSink& sink);
/// Puts each event on the last page before it that showed the item to the visitor, within the event's window;
/// others are counted.
void join_to_visitors(const std::map<std::string, std::vector<TableEvent>>& by_visitor,
                      std::vector<ReadyPage>& pages, ImportSink& sink);

/// The values of the columns joined by "-", which together are a key; nothing if one is empty. In all values
/// but the last "-" and "\\" get a "\\" before them, so that different values are different keys.
std::optional<std::string> table_key(TableFile& row, const std::vector<std::string>& columns);

}  // namespace pagewright
