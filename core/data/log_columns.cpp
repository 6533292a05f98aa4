#include "core/data/log_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr double kLogNoPropensity = std::numeric_limits<double>::quiet_NaN();

std::size_t log_row(std::int64_t number) {
  return static_cast<std::size_t>(number);
}

template <class T>
std::int64_t log_count(const std::vector<T>& column) {
  return static_cast<std::int64_t>(column.size());
}

void add_log_item(StringTable& strings, ItemColumns& columns, const Item& item) {
  columns.id.push_back(strings.code(item.id));
  columns.title.push_back(strings.code(item.title));
  columns.currency.push_back(strings.code(item.currency));
  columns.category.push_back(strings.code(item.category));
  columns.brand.push_back(strings.code(item.brand));
  columns.seller.push_back(strings.code(item.seller));
  columns.price.push_back(item.price.value_or(-1));
  columns.ad.push_back(item.ad ? 1 : 0);
  for (const auto& [name, value] : item.features) {
    columns.feature_name.push_back(strings.code(name));
    columns.feature_value.push_back(value);
  }
  columns.feature_offsets.push_back(log_count(columns.feature_name));
}

/// Gives the rows of a part back as structs.
class LogPartReader {
 public:
  explicit LogPartReader(const LogColumns& columns) : columns_(columns) {}

  LoggedRequest request(std::size_t i) const {
    LoggedRequest logged;
    logged.split = static_cast<Split>(columns_.request_split[i]);
    auto& request = logged.request;
    request.id = text(columns_.request_id[i]);
    request.user = text(columns_.request_user[i]);
    request.query = text(columns_.request_query[i]);
    request.timestamp = columns_.request_timestamp[i];
    for (auto k = log_row(columns_.context_offsets[i]); k < log_row(columns_.context_offsets[i + 1]); ++k)
      request.context.emplace(text(columns_.context_key[k]), text(columns_.context_value[k]));
    const auto first = log_row(columns_.history_offsets[i]), last = log_row(columns_.history_offsets[i + 1]);
    request.history.reserve(last - first);
    for (auto k = first; k < last; ++k)
      request.history.push_back({static_cast<ActionKind>(columns_.history_kind[k]),
                                 columns_.history_timestamp[k], item(columns_.history, k)});
    const auto begin = log_row(columns_.candidate_offsets[i]),
               end = log_row(columns_.candidate_offsets[i + 1]);
    request.candidates.reserve(end - begin);
    for (auto k = begin; k < end; ++k) request.candidates.push_back(item(columns_.candidates, k));
    return logged;
  }

  LoggedPage page(std::size_t i) const {
    LoggedPage page;
    page.page_id = text(columns_.page_id[i]);
    page.policy_id = text(columns_.page_policy[i]);
    page.timestamp = columns_.page_timestamp[i];
    if (!std::isnan(columns_.page_propensity[i])) page.page_propensity = columns_.page_propensity[i];
    page.slot_propensity_kind = static_cast<PropensityKind>(columns_.page_slot_propensity_kind[i]);
    if (columns_.page_revisit_of[i] >= 0) page.revisit_of = text(columns_.page_revisit_of[i]);
    add_slots(page, i);
    for (auto k = log_row(columns_.event_offsets[i]); k < log_row(columns_.event_offsets[i + 1]); ++k) {
      Event event{static_cast<EventKind>(columns_.event_kind[k]), columns_.event_slot[k],
                  columns_.event_timestamp[k], std::nullopt, columns_.event_quantity[k]};
      if (columns_.event_price[k] >= 0) event.price = columns_.event_price[k];
      page.events.push_back(event);
    }
    return page;
  }

 private:
  const std::string& text(std::int32_t code) const {
    return columns_.strings.strings()[static_cast<std::size_t>(code)];
  }

  Item item(const ItemColumns& items, std::size_t k) const {
    Item item;
    item.id = text(items.id[k]);
    item.title = text(items.title[k]);
    if (items.price[k] >= 0) item.price = items.price[k];
    item.currency = text(items.currency[k]);
    item.category = text(items.category[k]);
    item.brand = text(items.brand[k]);
    item.seller = text(items.seller[k]);
    item.ad = items.ad[k] != 0;
    for (auto f = log_row(items.feature_offsets[k]); f < log_row(items.feature_offsets[k + 1]); ++f)
      item.features.emplace(text(items.feature_name[f]), items.feature_value[f]);
    return item;
  }

  void add_slots(LoggedPage& page, std::size_t i) const {
    auto slot = log_row(columns_.slot_offsets[i]);
    for (auto k = log_row(columns_.section_offsets[i]); k < log_row(columns_.section_offsets[i + 1]); ++k) {
      PageSection section;
      section.type = columns_.section_type[k];
      page.section_names.push_back(text(columns_.section_name[k]));
      for (std::int32_t n = 0; n < columns_.section_slots[k]; ++n, ++slot) {
        section.items.push_back(columns_.slot_candidate[slot]);
        if (page.slot_propensity_kind != PropensityKind::none)
          page.slot_propensities.push_back(columns_.slot_propensity[slot]);
      }
      page.page.sections.push_back(std::move(section));
    }
  }

  const LogColumns& columns_;
};

}  // namespace

std::int32_t StringTable::code(const std::string& text) {
  const auto [found, is_new] = codes_.try_emplace(text, static_cast<std::int32_t>(strings_.size()));
  if (is_new) strings_.push_back(text);
  return found->second;
}

void LogColumns::add(const LoggedRequest& logged) {
  const auto& request = logged.request;
  check_logged_request(request);
  request_id.push_back(strings.code(request.id));
  request_user.push_back(strings.code(request.user));
  request_query.push_back(strings.code(request.query));
  request_timestamp.push_back(request.timestamp);
  request_split.push_back(static_cast<std::int8_t>(logged.split));
  for (const auto& [key, value] : request.context) {
    context_key.push_back(strings.code(key));
    context_value.push_back(strings.code(value));
  }
  context_offsets.push_back(log_count(context_key));
  for (const auto& action : request.history) {
    history_kind.push_back(static_cast<std::int8_t>(action.kind));
    history_timestamp.push_back(action.timestamp);
    add_log_item(strings, history, action.item);
  }
  history_offsets.push_back(log_count(history_kind));
  for (const auto& item : request.candidates) add_log_item(strings, candidates, item);
  candidate_offsets.push_back(log_count(candidates.id));
}

void LogColumns::add(const LoggedPage& page) {
  require(page.request >= 0 && page.request < requests(),
          "page '{}' belongs to request {}, which is not in this part", page.page_id, page.request);
  const auto candidate_count =
      candidate_offsets[log_row(page.request) + 1] - candidate_offsets[log_row(page.request)];
  with_context(fmt::format("page '{}'", page.page_id),
               [&] { check_logged_page(page, log_row(candidate_count)); });
  page_id.push_back(strings.code(page.page_id));
  page_policy.push_back(strings.code(page.policy_id));
  page_revisit_of.push_back(page.revisit_of ? strings.code(*page.revisit_of) : -1);
  page_request.push_back(page.request);
  page_timestamp.push_back(page.timestamp);
  page_propensity.push_back(page.page_propensity.value_or(kLogNoPropensity));
  page_slot_propensity_kind.push_back(static_cast<std::int8_t>(page.slot_propensity_kind));
  std::size_t slot = 0;
  for (std::size_t s = 0; s < page.page.sections.size(); ++s) {
    const auto& section = page.page.sections[s];
    section_name.push_back(strings.code(page.section_names[s]));
    section_type.push_back(section.type);
    section_slots.push_back(static_cast<std::int32_t>(section.items.size()));
    for (const auto item : section.items) {
      slot_candidate.push_back(item);
      slot_propensity.push_back(page.slot_propensities.empty() ? kLogNoPropensity
                                                               : page.slot_propensities[slot]);
      ++slot;
    }
  }
  section_offsets.push_back(log_count(section_name));
  slot_offsets.push_back(log_count(slot_candidate));
  for (const auto& event : page.events) {
    event_kind.push_back(static_cast<std::int8_t>(event.kind));
    event_slot.push_back(event.slot);
    event_timestamp.push_back(event.timestamp);
    event_price.push_back(event.price.value_or(-1));
    event_quantity.push_back(event.quantity);
  }
  event_offsets.push_back(log_count(event_kind));
}

std::int64_t LogColumns::format_version() const {
  constexpr auto kLastOfVersion1 = static_cast<std::int8_t>(EventKind::purchase);
  return std::any_of(event_kind.begin(), event_kind.end(),
                     [](std::int8_t kind) { return kind > kLastOfVersion1; })
             ? 2
             : 1;
}

void LogColumns::append_to(FeedbackLog& log, const std::vector<bool>& chosen) const {
  const LogPartReader reader(*this);
  std::vector<std::int64_t> row(request_id.size(), -1);  // in the log
  for (std::size_t i = 0; i < request_id.size(); ++i) {
    if (!chosen[i]) continue;
    row[i] = static_cast<std::int64_t>(log.requests.size());
    log.requests.push_back(reader.request(i));
  }
  for (std::size_t i = 0; i < page_id.size(); ++i) {
    const std::int64_t request = row[static_cast<std::size_t>(page_request[i])];
    if (request < 0) continue;
    log.pages.push_back(reader.page(i));
    log.pages.back().request = request;
  }
}

}  // namespace pagewright
