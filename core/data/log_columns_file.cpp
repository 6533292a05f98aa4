#include <algorithm>
#include <limits>
#include <string>

#include "core/base/error.hpp"
#include "core/data/hdf5.hpp"
#include "core/data/log_columns.hpp"

namespace pagewright {
namespace {

/// Calls visit(name, column) for every column of an item table.
template <class Columns, class Visit>
void visit_item_columns(Columns& items, const std::string& group, Visit&& visit) {
  visit(group + "/id", items.id);
  visit(group + "/title", items.title);
  visit(group + "/currency", items.currency);
  visit(group + "/category", items.category);
  visit(group + "/brand", items.brand);
  visit(group + "/seller", items.seller);
  visit(group + "/price", items.price);
  visit(group + "/ad", items.ad);
  visit(group + "/feature_offsets", items.feature_offsets);
  visit(group + "/feature_name", items.feature_name);
  visit(group + "/feature_value", items.feature_value);
}

/// The one list of what a part holds, for writing and for reading.
template <class Columns, class Visit>
void visit_log_columns(Columns& c, Visit&& visit) {
  visit("requests/id", c.request_id);
  visit("requests/user", c.request_user);
  visit("requests/query", c.request_query);
  visit("requests/timestamp", c.request_timestamp);
  visit("requests/split", c.request_split);
  visit("requests/context_offsets", c.context_offsets);
  visit("requests/candidate_offsets", c.candidate_offsets);
  visit("requests/history_offsets", c.history_offsets);
  visit("context/key", c.context_key);
  visit("context/value", c.context_value);
  visit_item_columns(c.candidates, "candidates", visit);
  visit_item_columns(c.history, "history", visit);
  visit("history/kind", c.history_kind);
  visit("history/timestamp", c.history_timestamp);
  visit("pages/id", c.page_id);
  visit("pages/policy", c.page_policy);
  visit("pages/revisit_of", c.page_revisit_of);
  visit("pages/request", c.page_request);
  visit("pages/timestamp", c.page_timestamp);
  visit("pages/propensity", c.page_propensity);
  visit("pages/slot_propensity_kind", c.page_slot_propensity_kind);
  visit("pages/section_offsets", c.section_offsets);
  visit("pages/slot_offsets", c.slot_offsets);
  visit("pages/event_offsets", c.event_offsets);
  visit("sections/name", c.section_name);
  visit("sections/type", c.section_type);
  visit("sections/slots", c.section_slots);
  visit("slots/candidate", c.slot_candidate);
  visit("slots/propensity", c.slot_propensity);
  visit("events/kind", c.event_kind);
  visit("events/slot", c.event_slot);
  visit("events/quantity", c.event_quantity);
  visit("events/timestamp", c.event_timestamp);
  visit("events/price", c.event_price);
}

/// Checks of a part that was read: every number that is used as an index, and equal lengths.
class LogPartCheck {
 public:
  LogPartCheck(const LogColumns& columns, std::string path) : c_(columns), path_(std::move(path)) {}

  void run() const {
    const auto requests = c_.request_id.size();
    for (const auto* column : {&c_.request_user, &c_.request_query})
      same(column->size(), requests, "requests");
    same(c_.request_timestamp.size(), requests, "requests/timestamp");
    range(c_.request_split, 0, 2, requests, "requests/split");
    offsets(c_.context_offsets, requests, c_.context_key.size(), "requests/context_offsets");
    offsets(c_.candidate_offsets, requests, c_.candidates.id.size(), "requests/candidate_offsets");
    offsets(c_.history_offsets, requests, c_.history.id.size(), "requests/history_offsets");
    codes(c_.request_id, requests, "requests/id");
    codes(c_.request_user, requests, "requests/user");
    codes(c_.request_query, requests, "requests/query");
    codes(c_.context_key, c_.context_key.size(), "context/key");
    codes(c_.context_value, c_.context_key.size(), "context/value");
    items(c_.candidates, "candidates");
    items(c_.history, "history");
    range(c_.history_kind, 0, 3, c_.history.id.size(), "history/kind");
    same(c_.history_timestamp.size(), c_.history.id.size(), "history/timestamp");
    pages();
    slots();
  }

 private:
  void items(const ItemColumns& table, const std::string& group) const {
    const auto rows = table.id.size();
    codes(table.id, rows, group + "/id");
    codes(table.title, rows, group + "/title");
    codes(table.currency, rows, group + "/currency");
    codes(table.category, rows, group + "/category");
    codes(table.brand, rows, group + "/brand");
    codes(table.seller, rows, group + "/seller");
    range(table.price, -1, std::numeric_limits<std::int64_t>::max(), rows, group + "/price");
    range(table.ad, 0, 1, rows, group + "/ad");
    offsets(table.feature_offsets, rows, table.feature_name.size(), group + "/feature_offsets");
    codes(table.feature_name, table.feature_name.size(), group + "/feature_name");
    same(table.feature_value.size(), table.feature_name.size(), group + "/feature_value");
  }

  void pages() const {
    const auto rows = c_.page_id.size();
    codes(c_.page_id, rows, "pages/id");
    codes(c_.page_policy, rows, "pages/policy");
    range(c_.page_revisit_of, -1, code_limit(), rows, "pages/revisit_of");
    range(c_.page_request, 0, c_.requests() - 1, rows, "pages/request");
    same(c_.page_timestamp.size(), rows, "pages/timestamp");
    same(c_.page_propensity.size(), rows, "pages/propensity");
    range(c_.page_slot_propensity_kind, 0, 3, rows, "pages/slot_propensity_kind");
    offsets(c_.section_offsets, rows, c_.section_name.size(), "pages/section_offsets");
    offsets(c_.slot_offsets, rows, c_.slot_candidate.size(), "pages/slot_offsets");
    offsets(c_.event_offsets, rows, c_.event_kind.size(), "pages/event_offsets");
    codes(c_.section_name, c_.section_name.size(), "sections/name");
    range(c_.section_type, 0, std::numeric_limits<std::int32_t>::max(), c_.section_name.size(),
          "sections/type");
    range(c_.section_slots, 0, std::numeric_limits<std::int32_t>::max(), c_.section_name.size(),
          "sections/slots");
    const auto events = c_.event_kind.size();
    range(c_.event_kind, 0, kEventKinds - 1, events, "events/kind");
    same(c_.event_slot.size(), events, "events/slot");
    range(c_.event_quantity, 1, std::numeric_limits<std::int32_t>::max(), events, "events/quantity");
    same(c_.event_timestamp.size(), events, "events/timestamp");
    range(c_.event_price, -1, std::numeric_limits<std::int64_t>::max(), events, "events/price");
  }

  void slots() const {
    same(c_.slot_propensity.size(), c_.slot_candidate.size(), "slots/propensity");
    for (std::size_t p = 0; p < c_.page_id.size(); ++p) {
      const auto request = static_cast<std::size_t>(c_.page_request[p]);
      const auto candidates = c_.candidate_offsets[request + 1] - c_.candidate_offsets[request];
      const auto slots_of_page = c_.slot_offsets[p + 1] - c_.slot_offsets[p];
      std::int64_t in_sections = 0;
      for (auto s = c_.section_offsets[p]; s < c_.section_offsets[p + 1]; ++s)
        in_sections += c_.section_slots[static_cast<std::size_t>(s)];
      if (in_sections != slots_of_page) damaged("sections/slots");
      for (auto s = c_.slot_offsets[p]; s < c_.slot_offsets[p + 1]; ++s)
        if (outside(c_.slot_candidate[static_cast<std::size_t>(s)], candidates)) damaged("slots/candidate");
      if (c_.page_slot_propensity_kind[p] != 0)
        for (auto s = c_.slot_offsets[p]; s < c_.slot_offsets[p + 1]; ++s)
          if (!(c_.slot_propensity[static_cast<std::size_t>(s)] > 0)) damaged("slots/propensity");
      for (auto e = c_.event_offsets[p]; e < c_.event_offsets[p + 1]; ++e)
        if (outside(c_.event_slot[static_cast<std::size_t>(e)], slots_of_page)) damaged("events/slot");
    }
  }

  static bool outside(std::int64_t value, std::int64_t count) { return value < 0 || value >= count; }
  std::int64_t code_limit() const { return static_cast<std::int64_t>(c_.strings.strings().size()) - 1; }

  [[noreturn]] void damaged(const std::string& name) const {
    fail("{}: column '{}' does not fit the others; the file is damaged: restore it or import it again", path_,
         name);
  }
  void same(std::size_t size, std::size_t expected, const std::string& name) const {
    if (size != expected) damaged(name);
  }
  template <class T>
  void range(const std::vector<T>& column, std::int64_t low, std::int64_t high, std::size_t rows,
             const std::string& name) const {
    same(column.size(), rows, name);
    for (const auto value : column)
      if (value < low || value > high) damaged(name);
  }
  void codes(const std::vector<std::int32_t>& column, std::size_t rows, const std::string& name) const {
    range(column, 0, code_limit(), rows, name);
  }
  void offsets(const std::vector<std::int64_t>& column, std::size_t rows, std::size_t end,
               const std::string& name) const {
    if (column.size() != rows + 1 || column.front() != 0 || !std::is_sorted(column.begin(), column.end()) ||
        column.back() != static_cast<std::int64_t>(end))
      damaged(name);
  }

  const LogColumns& c_;
  std::string path_;
};

}  // namespace

void LogColumns::write(Hdf5File& file) const {
  file.write_strings("strings", strings.strings());
  visit_log_columns(*this, [&](const std::string& name, const auto& column) { file.write(name, column); });
}

LogColumns LogColumns::read(const Hdf5File& file) {
  LogColumns columns;
  columns.strings.assign(file.read_strings("strings"));
  visit_log_columns(columns, [&]<class T>(const std::string& name, std::vector<T>& column) {
    column = file.read<T>(name);
  });
  LogPartCheck(columns, file.path().string()).run();
  return columns;
}

}  // namespace pagewright
