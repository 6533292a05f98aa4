#pragma once
// What the columns of somebody's tables mean: the YAML file beside `import --format table`.

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/data/table_file.hpp"
#include "core/page/currency.hpp"

namespace pagewright {

class Section;

/// A value by its column, spelled our way.
struct NamedColumn {
  std::string column;                        ///< empty: always `otherwise`
  std::map<std::string, std::string> names;  ///< the table's value -> ours; others stay as they are
  std::string otherwise;                     ///< where the table has none

  std::string of(TableFile& row) const;
  static NamedColumn from(const Section& section, std::string otherwise);
};

/// Columns that describe an item. Empty: unknown.
struct TableItemColumns {
  std::string title, category, brand, seller, ad, price;
  std::string currency{kNoCurrency};            ///< code, for all prices
  double price_scale = 100;                     ///< minor units in one of the table's
  std::map<std::string, std::string> features;  ///< our name -> column

  /// Fills in what the row has. Error naming the column for what is no number.
  void read(TableFile& row, Item& item) const;
  std::optional<std::int64_t> minor_units(std::string_view price) const;
  static TableItemColumns from(const Section& section);
};

/// A table of items, joined to the rows by the item's id.
struct ItemTable {
  std::filesystem::path file;  ///< relative: beside the rows
  TableForm form;
  std::string key;
  TableItemColumns columns;
};

/// A table of events, joined to the pages.
struct EventTable {
  std::filesystem::path file;
  TableForm form;
  NamedColumn action;  ///< click, add_to_cart, purchase, ...; other names are left out and counted
  /// Columns that are the page's key; or, if there are none, the visitor: the event then belongs to the last
  /// page within `window` before it that shows the item to this visitor.
  std::vector<std::string> page;
  std::string visitor;
  std::int64_t window = 7 * 24 * 3600;  ///< seconds
  std::string item, timestamp, time = "seconds", price, quantity;
  std::vector<std::string> id;  ///< columns that together name an event
};

struct TableMap {
  TableForm form;
  std::vector<std::string> page;  ///< columns whose values together are the page; empty: each row is one
  bool lists = false;  ///< a row is a whole page: item, position, click, ... are lists; else it is a slot
  std::string user, visitor, query, timestamp;
  std::string time = "seconds";  ///< or milliseconds, or a form such as %Y-%m-%d %H:%M:%S (UTC)
  std::string item, position, click, cart, purchase, paid, quantity;
  NamedColumn section, policy;
  int section_slots = 0;  ///< above 0: a new section begins after so many slots
  std::string propensity;
  PropensityKind propensity_kind = PropensityKind::slot_marginal;
  std::map<std::string, std::string> context;  ///< our name -> column
  bool all_items = false;                      ///< candidates are the whole item table
  TableItemColumns item_columns;               ///< in the rows themselves
  std::optional<ItemTable> items;
  std::vector<EventTable> events;

  /// Whether events are joined by visitor, so that all pages must be known first.
  bool joins_by_visitor() const;
};

/// `sets` override keys, as `--set` does. Throws one Error with every problem of the file.
TableMap load_table_map(const std::filesystem::path& file, const std::vector<std::string>& sets = {});
/// Its keys, as Markdown for docs/log-format.md.
std::string table_map_reference();

/// Seconds since the epoch of a time as the table writes it. Error for what is no such time.
std::int64_t table_time(std::string_view text, const std::string& form);
/// Error that names the column.
double table_number(std::string_view text, const std::string& column);
/// A whole number of pieces, at least 1. Error that names the column.
std::int32_t table_pieces(std::string_view text, const std::string& column);

}  // namespace pagewright
