#include "core/data/table_events.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/event_kind.hpp"
#include "core/data/import.hpp"

namespace pagewright {
namespace {

std::string required_value(TableFile& row, const std::string& column) {
  const auto value = row.value(column);
  require(value.has_value(), "column '{}' is empty", column);
  return std::string(*value);
}

TableEvent table_event(const TableMap& map, const EventTable& table, EventKind kind, TableFile& row) {
  TableEvent found;
  found.event.kind = kind;
  found.item = required_value(row, table.item);
  found.window = table.window;
  if (!table.timestamp.empty())
    found.event.timestamp = table_time(required_value(row, table.timestamp), table.time);
  if (!table.price.empty())
    if (const auto price = row.value(table.price)) found.event.price = map.item_columns.minor_units(*price);
  if (!table.quantity.empty())
    if (const auto pieces = row.value(table.quantity))
      found.event.quantity = table_pieces(*pieces, table.quantity);
  return found;
}

void place_event(ReadyPage& ready, std::ptrdiff_t slot, Event event) {
  event.slot = static_cast<std::int32_t>(slot);
  const std::int32_t item = ready.page.page.items()[static_cast<std::size_t>(slot)];
  if (event.kind == EventKind::purchase && !event.price)
    event.price = ready.request.candidates[static_cast<std::size_t>(item)].price;
  if (event.timestamp == 0) event.timestamp = ready.page.timestamp;
  ready.page.events.push_back(event);
}

}  // namespace

void join_to_page(const std::vector<TableEvent>& events, ReadyPage& ready, ImportSink& sink) {
  const std::vector<std::int32_t> items = ready.page.page.items();
  for (const TableEvent& found : events) {
    const auto slot = std::ranges::find_if(items, [&](std::int32_t item) {
      return ready.request.candidates[static_cast<std::size_t>(item)].id == found.item;
    });
    if (slot == items.end()) {
      sink.count("events on items that their page does not show, left out");
      continue;
    }
    place_event(ready, slot - items.begin(), found.event);
  }
}

void join_to_visitors(const std::map<std::string, std::vector<TableEvent>>& by_visitor,
                      std::vector<ReadyPage>& pages, ImportSink& sink) {
  struct Shown {
    std::size_t page;
    std::ptrdiff_t slot;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Shown>> shown;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::vector<std::int32_t> items = pages[i].page.page.items();
    for (std::size_t k = 0; k < items.size(); ++k)
      shown[{pages[i].visitor, pages[i].request.candidates[static_cast<std::size_t>(items[k])].id}].push_back(
          {i, static_cast<std::ptrdiff_t>(k)});
  }
  for (const auto& [visitor, events] : by_visitor)
    for (const TableEvent& found : events) {
      const Shown* last = nullptr;
      for (const Shown& place : shown[{visitor, found.item}]) {
        const std::int64_t since = found.event.timestamp - pages[place.page].page.timestamp;
        if (since < 0 || since > found.window) continue;
        if (!last || pages[place.page].page.timestamp >= pages[last->page].page.timestamp) last = &place;
      }
      if (last)
        place_event(pages[last->page], last->slot, found.event);
      else
        sink.count("events of visitors who were not shown the item within the window, left out");
    }
}

std::optional<std::string> table_key(TableFile& row, const std::vector<std::string>& columns) {
  std::string key;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto value = row.value(columns[i]);
    if (!value) return std::nullopt;
    if (i + 1 == columns.size()) return key.append(*value);
    for (const char character : *value) {
      if (character == '-' || character == '\\') key += '\\';
      key += character;
    }
    key += '-';
  }
  return key;
}

TableEvents::TableEvents(const TableMap& map, const std::filesystem::path& folder, ImportSink& sink,
                         ImportRows& rows) {
  for (const EventTable& table : map.events) {
    TableFile file(folder / table.file, table.form);
    read(map, table, file, sink, rows);
  }
  for (auto& [visitor, events] : by_visitor_)
    std::ranges::stable_sort(events, {}, [](const TableEvent& event) { return event.event.timestamp; });
}

void TableEvents::read(const TableMap& map, const EventTable& table, TableFile& file, ImportSink& sink,
                       ImportRows& rows) {
  std::unordered_set<std::string> seen;
  rows.read(file, [&] {
    const std::string action = table.action.of(file);
    const auto kind = event_kind_of_action(action);
    if (!kind) return sink.ignore_event(action);
    const auto id = table_key(file, table.id);
    if (id && !id->empty() && !seen.insert(*id).second)
      return sink.count("events of an id that was seen before, dropped");
    TableEvent event = table_event(map, table, *kind, file);
    if (!table.visitor.empty()) {
      by_visitor_[required_value(file, table.visitor)].push_back(std::move(event));
    } else if (const auto page = table_key(file, table.page)) {
      by_page_[*page].push_back(std::move(event));
    } else {
      sink.count("events that name no page, left out");
    }
  });
}

std::vector<TableEvent> TableEvents::take_of_page(const std::string& page) {
  const auto found = by_page_.find(page);
  if (found == by_page_.end()) return {};
  std::vector<TableEvent> events = std::move(found->second);
  by_page_.erase(found);
  return events;
}

void TableEvents::count_left(ImportSink& sink) const {
  std::int64_t left = 0;
  for (const auto& [page, events] : by_page_) left += std::ssize(events);
  if (left > 0) sink.count("events of pages that are not in the rows, left out", left);
}

}  // namespace pagewright
