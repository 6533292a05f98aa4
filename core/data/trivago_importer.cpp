#include "core/data/trivago_importer.hpp"

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/data/import.hpp"
#include "core/page/currency.hpp"

namespace pagewright {
namespace {

using TrivagoJson = nlohmann::json;

struct TrivagoRow {
  std::string page_id, session, user, platform, city, device;
  std::int64_t timestamp = 0;
  std::vector<std::string> filters, items, history;
  std::vector<std::int64_t> prices;  ///< as in the source
  std::vector<std::int32_t> clicks;
  std::optional<std::int32_t> conversion;
};

const TrivagoJson& trivago_field(const TrivagoJson& object, const char* key) {
  const auto found = object.find(key);
  require(found != object.end(), "field '{}' is missing", key);
  return *found;
}

std::string trivago_text(const TrivagoJson& object, const char* key) {
  const auto& value = trivago_field(object, key);
  require(value.is_string(), "field '{}' must be text", key);
  return value.get<std::string>();
}

std::int64_t trivago_integer(const TrivagoJson& value, const char* key) {
  require(value.is_number_integer(), "field '{}' must hold whole numbers, not {}", key, value.dump());
  return value.get<std::int64_t>();
}

template <class T, class Convert>
std::vector<T> trivago_array(const TrivagoJson& object, const char* key, Convert&& convert) {
  const auto& array = trivago_field(object, key);
  require(array.is_array(), "field '{}' must be an array", key);
  std::vector<T> values;
  for (const auto& value : array) values.push_back(convert(value));
  return values;
}

std::vector<std::string> trivago_ids(const TrivagoJson& object, const char* key) {
  return trivago_array<std::string>(object, key, [&](const TrivagoJson& value) {
    return value.is_string() ? value.get<std::string>() : std::to_string(trivago_integer(value, key));
  });
}

std::int32_t trivago_place(std::int64_t place, std::size_t items, const char* key) {
  require(place >= 0 && place < static_cast<std::int64_t>(items),
          "'{}' holds place {}, but the page has {} items", key, place, items);
  return static_cast<std::int32_t>(place);
}

TrivagoRow parse_trivago_row(std::string_view line) {
  const auto object = with_context("not JSON", [&] { return TrivagoJson::parse(line); });
  require(object.is_object(), "the line is no JSON object");
  TrivagoRow row;
  row.page_id = trivago_text(object, "page_id");
  row.session = trivago_text(object, "session");
  row.user = trivago_text(object, "user");
  row.platform = trivago_text(object, "platform");
  row.city = trivago_text(object, "city");
  row.device = trivago_text(object, "device");
  row.timestamp = trivago_integer(trivago_field(object, "ts"), "ts");
  row.filters = trivago_ids(object, "filters");
  row.items = trivago_ids(object, "items");
  row.history = trivago_ids(object, "history_before_page");
  const auto integer = [](const char* key) {
    return [key](const TrivagoJson& value) { return trivago_integer(value, key); };
  };
  row.prices = trivago_array<std::int64_t>(object, "prices", integer("prices"));
  for (const auto place : trivago_array<std::int64_t>(object, "clicks", integer("clicks")))
    row.clicks.push_back(trivago_place(place, row.items.size(), "clicks"));
  if (const auto& place = trivago_field(object, "conversion"); !place.is_null())
    row.conversion = trivago_place(trivago_integer(place, "conversion"), row.items.size(), "conversion");
  require(!row.items.empty(), "the page has no items");
  require(row.prices.size() == row.items.size(), "{} items but {} prices", row.items.size(),
          row.prices.size());
  require(std::set<std::string>(row.items.begin(), row.items.end()).size() == row.items.size(),
          "an item stands on the page twice");
  for (const auto price : row.prices) require(price >= 0, "negative price {}", price);
  return row;
}

Request trivago_request(const TrivagoRow& row) {
  Request request;
  request.id = row.page_id;
  request.user = row.user;
  request.timestamp = row.timestamp;
  request.context = {
      {"city", row.city}, {"device", row.device}, {"platform", row.platform}, {"session", row.session}};
  std::string filters;
  for (const auto& filter : row.filters) filters += (filters.empty() ? "" : "|") + filter;
  if (!filters.empty()) request.context["filters"] = filters;
  std::map<std::string, const Item*> shown;
  request.candidates.resize(row.items.size());
  for (std::size_t i = 0; i < row.items.size(); ++i) {
    auto& item = request.candidates[i];
    item.id = row.items[i];
    item.price = row.prices[i] * 100;
    item.currency = kNoCurrency;
    shown[item.id] = &item;
  }
  for (const auto& id : row.history) {
    HistoryAction action;
    const auto known = shown.find(id);
    if (known != shown.end())
      action.item = *known->second;
    else
      action.item.id = id;
    request.history.push_back(std::move(action));
  }
  return request;
}

std::vector<Event> trivago_events(const TrivagoRow& row) {
  std::vector<Event> events;
  for (const auto place : row.clicks)
    events.push_back({EventKind::click, place, row.timestamp, std::nullopt, 1});
  if (row.conversion)
    events.push_back({EventKind::purchase, *row.conversion, row.timestamp,
                      row.prices[static_cast<std::size_t>(*row.conversion)] * 100, 1});
  return events;
}

LoggedPage trivago_page(const TrivagoRow& row) {
  LoggedPage page;
  page.page_id = row.page_id;
  page.policy_id = "trivago";
  page.timestamp = row.timestamp;
  page.page.sections.resize(1);
  for (std::size_t i = 0; i < row.items.size(); ++i)
    page.page.sections[0].items.push_back(static_cast<std::int32_t>(i));
  page.section_names = {"results"};
  page.events = trivago_events(row);
  return page;
}

/// Note [Pages and revisits]
class TrivagoImporter final : public LineImporter {
 public:
  void row(std::string_view line, ImportSink&) override {
    const auto row = parse_trivago_row(line);
    require(page_ids_.insert(row.page_id).second, "page_id '{}' was used before", row.page_id);
    auto page = trivago_page(row);
    const auto [first, is_new] = first_views_.try_emplace({row.session, row.items}, pages_.size());
    if (!is_new) {
      auto& shown = pages_[first->second];
      page.revisit_of = shown.page_id;
      shown.events.insert(shown.events.end(), page.events.begin(), page.events.end());
    }
    requests_.push_back(trivago_request(row));
    pages_.push_back(std::move(page));
  }

  void finish(ImportSink& sink, ImportRows&) override {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      std::vector<LoggedPage> page;
      page.push_back(std::move(pages_[i]));
      sink.add(std::move(requests_[i]), std::move(page));
    }
  }

 private:
  std::vector<Request> requests_;
  std::vector<LoggedPage> pages_;  ///< one each request
  std::set<std::string> page_ids_;
  std::map<std::pair<std::string, std::vector<std::string>>, std::size_t> first_views_;
};

}  // namespace

std::unique_ptr<LogImporter> make_trivago_importer() {
  return std::make_unique<TrivagoImporter>();
}

}  // namespace pagewright
