#include "core/data/table_importer.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/data/import.hpp"
#include "core/data/table_events.hpp"
#include "core/data/table_page.hpp"

namespace pagewright {
namespace {

/// One element of each list, or the value itself where rows are slots.
class RowValues {
 public:
  RowValues(TableFile& row, const TableMap& map) : row_(row), map_(map) {}

  /// How many slots the row has.
  std::size_t size() {
    const auto items = row_.value(map_.item);
    require(items.has_value(), "column '{}' is empty", map_.item);
    return map_.lists ? elements(*items).size() : 1;
  }
  std::optional<std::string_view> at(const std::string& column, std::size_t slot) {
    if (column.empty()) return std::nullopt;
    const auto value = row_.value(column);
    if (!value || !map_.lists) return value;
    const std::vector<std::string_view> all = elements(*value);
    require(slot < all.size(), "column '{}' has {} elements, but the page more slots", column, all.size());
    return all[slot].empty() ? std::nullopt : std::optional(all[slot]);
  }

 private:
  std::vector<std::string_view> elements(std::string_view list) const {
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t end = std::min(list.find(map_.form.lists, at), list.size());
      all.push_back(list.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }

  TableFile& row_;
  const TableMap& map_;
};

class TableImporter final : public LogImporter {
 public:
  TableImporter(const std::filesystem::path& map, const std::vector<std::string>& sets)
      : map_(load_table_map(map, sets)) {}

  void file(const std::filesystem::path& path, ImportSink& sink, ImportRows& rows) override {
    if (!events_) read_other_tables(path.parent_path(), sink, rows);
    TableFile table(path, map_.form);
    rows.read(table, [&] { take_row(table, sink, rows); });
    end_page(sink, rows);
  }

  void finish(ImportSink& sink, ImportRows& rows) override {
    if (map_.joins_by_visitor() && events_) join_to_visitors(events_->by_visitor(), waiting_, sink);
    for (ReadyPage& page : waiting_) add(page, sink, rows);
    if (events_) events_->count_left(sink);
  }

 private:
  void read_other_tables(const std::filesystem::path& folder, ImportSink& sink, ImportRows& rows) {
    if (map_.items) {
      TableFile table(folder / map_.items->file, map_.items->form);
      rows.read(table, [&] {
        Item item;
        const auto id = table.value(map_.items->key);
        require(id.has_value(), "column '{}' is empty", map_.items->key);
        item.id = *id;
        map_.items->columns.read(table, item);
        if (items_.emplace(item.id, item).second && map_.all_items) all_items_.push_back(std::move(item));
      });
    }
    events_.emplace(map_, folder, sink, rows);
  }

  void take_row(TableFile& table, ImportSink& sink, ImportRows& rows) {
    const std::string own = table.path().filename().string() + "-" + std::to_string(table.line());
    const auto key = map_.page.empty() ? std::optional(own) : table_key(table, map_.page);
    require(key.has_value(), "the row names no page");
    if (page_ && page_->key != *key) end_page(sink, rows);
    const bool begins = !page_;
    if (begins) page_ = TablePage{*key, table.path().string(), {}, {}, table.line(), false, {}, {}};
    try {
      if (begins) begin_page(table);
      RowValues values(table, map_);
      for (std::size_t slot = 0; slot < values.size(); ++slot)
        page_->slots.push_back(read_slot(table, values, slot));
    } catch (const Error&) {
      page_->broken = true;
      throw;
    }
  }

  void begin_page(TableFile& table) {
    const auto text = [&](const std::string& column) {
      return column.empty() ? std::string() : std::string(table.value(column).value_or(""));
    };
    Request& request = page_->request;
    request.id = page_->key;
    request.user = text(map_.user);
    request.query = text(map_.query);
    page_->visitor = text(map_.visitor);
    page_->policy = map_.policy.of(table);
    if (!map_.timestamp.empty())
      if (const auto time = table.value(map_.timestamp)) request.timestamp = table_time(*time, map_.time);
    for (const auto& [name, column] : map_.context)
      if (const auto value = table.value(column)) request.context[name] = *value;
  }

  TableSlot read_slot(TableFile& table, RowValues& values, std::size_t index) {
    TableSlot slot;
    const auto id = values.at(map_.item, index);
    require(id.has_value(), "column '{}' is empty", map_.item);
    slot.item.id = *id;
    if (map_.items) {
      const auto known = items_.find(slot.item.id);
      require(known != items_.end(), "item '{}' is not in {}", slot.item.id, map_.items->file.string());
      slot.item = known->second;
    }
    if (!map_.lists) map_.item_columns.read(table, slot.item);
    slot.section = map_.section.of(table);
    if (map_.section_slots > 0)
      slot.section +=
          fmt::format("-{}", page_->slots.size() / static_cast<std::size_t>(map_.section_slots) + 1);
    slot.position = static_cast<double>(page_->slots.size());
    if (const auto position = values.at(map_.position, index))
      slot.position = table_number(*position, map_.position);
    if (const auto propensity = values.at(map_.propensity, index))
      slot.propensity = table_number(*propensity, map_.propensity);
    read_feedback(values, index, slot);
    return slot;
  }

  void read_feedback(RowValues& values, std::size_t index, TableSlot& slot) const {
    const auto happened = [&](const std::string& column) {
      const auto value = values.at(column, index);
      return value && table_number(*value, column) > 0;
    };
    const std::int64_t time = page_->request.timestamp;
    if (happened(map_.click)) slot.events.push_back({EventKind::click, 0, time, std::nullopt, 1});
    if (happened(map_.cart)) slot.events.push_back({EventKind::cart, 0, time, slot.item.price, 1});
    if (!happened(map_.purchase)) return;
    Event purchase{EventKind::purchase, 0, time, slot.item.price, 1};
    if (const auto paid = values.at(map_.paid, index)) purchase.price = map_.item_columns.minor_units(*paid);
    if (const auto pieces = values.at(map_.quantity, index))
      purchase.quantity = table_pieces(*pieces, map_.quantity);
    slot.events.push_back(purchase);
  }

  void end_page(ImportSink& sink, ImportRows& rows) {
    if (!page_) return;
    TablePage draft = *std::exchange(page_, std::nullopt);
    if (draft.broken) return sink.count("pages left out for a row that cannot be used");
    const std::string file = draft.file;
    rows.take(file, draft.line, [&] {
      ReadyPage ready = compose_page(map_, std::move(draft), all_items_);
      join_to_page(events_->take_of_page(ready.page.page_id), ready, sink);
      if (map_.joins_by_visitor())
        waiting_.push_back(std::move(ready));
      else
        sink.add(std::move(ready.request), {std::move(ready.page)});
    });
  }

  static void add(ReadyPage& ready, ImportSink& sink, ImportRows& rows) {
    rows.take(ready.file, ready.line, [&] { sink.add(std::move(ready.request), {std::move(ready.page)}); });
  }

  TableMap map_;
  std::unordered_map<std::string, Item> items_;
  std::vector<Item> all_items_;
  std::optional<TableEvents> events_;
  std::optional<TablePage> page_;
  std::vector<ReadyPage> waiting_;  ///< for events of visitors
};

}  // namespace

std::unique_ptr<LogImporter> make_table_importer(const std::filesystem::path& map,
                                                 const std::vector<std::string>& sets) {
  return std::make_unique<TableImporter>(map, sets);
}

}  // namespace pagewright
