#include "core/data/log_summary.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.hpp"
#include "core/data/log_suspicions.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kShownGaps = 3;

Spread spread_of(std::vector<double>& values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double quantile) {
    return values[static_cast<std::size_t>(std::lround(quantile * static_cast<double>(values.size() - 1)))];
  };
  return {static_cast<std::int64_t>(values.size()), values.front(), at(.01), at(.5), at(.99), values.back()};
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

void add_rates(SlotRates& rates, const SlotFeedback& feedback) {
  ++rates.shown;
  rates.clicked += feedback.clicks > 0 ? 1 : 0;
  rates.carted += feedback.carts > 0 ? 1 : 0;
  rates.purchased += feedback.purchases > 0 ? 1 : 0;
  rates.revenue += feedback.revenue;
}

/// Gathers a summary part by part.
class LogSummaryBuilder {
 public:
  void add(const FeedbackLog& part, const LogOrigin& origin) {
    ++summary_.parts;
    add_once(summary_.sources, origin.source);
    add_once(summary_.split_rules, origin.split_rule);
    for (const auto& request : part.requests) add_request(request);
    std::vector<int> views(part.requests.size());
    for (const auto& page : part.pages) {
      const auto& request = part.requests[static_cast<std::size_t>(page.request)].request;
      suspicions_.add(request, page);
      if (!page.revisit_of && ++views[static_cast<std::size_t>(page.request)] == 2)
        ++summary_.requests_shown_again;
      add_page(page);
    }
  }

  LogSummary finish() {
    summary_.users = static_cast<std::int64_t>(users_.size());
    for (std::size_t split = 0; split < 3; ++split)
      for (const auto& [user, splits] : users_) summary_.users_of_split[split] += (splits >> split) & 1;
    for (auto& [currency, values] : prices_) summary_.prices[currency] = spread_of(values);
    for (auto& [name, values] : features_) summary_.features[name] = spread_of(values);
    for (std::size_t kind = 0; kind < propensities_.size(); ++kind)
      summary_.propensities[kind] = spread_of(propensities_[kind]);
    summary_.candidates_of_request = spread_of(candidates_of_request_);
    summary_.slots_of_page = spread_of(slots_of_page_);
    summary_.history_of_request = spread_of(history_of_request_);
    for (const auto& [name, values] : distinct_)
      summary_.distinct[name] = static_cast<std::int64_t>(values.size());
    for (const auto& [name, values] : context_)
      summary_.context[name] = static_cast<std::int64_t>(values.size());
    add_times();
    summary_.suspicions = suspicions_.sentences(summary_);
    return std::move(summary_);
  }

 private:
  void add_request(const LoggedRequest& logged) {
    const auto& request = logged.request;
    const auto split = static_cast<std::size_t>(logged.split);
    ++summary_.requests;
    ++summary_.requests_of_split[split];
    users_[request.user.empty() ? request.id : request.user] |= 1u << split;
    if (!request.query.empty()) ++summary_.queries;
    for (const auto& [key, value] : request.context) context_[key].insert(value);
    candidates_of_request_.push_back(static_cast<double>(request.candidates.size()));
    history_of_request_.push_back(static_cast<double>(request.history.size()));
    summary_.history_actions += static_cast<std::int64_t>(request.history.size());
    summary_.timed_history_actions += std::count_if(request.history.begin(), request.history.end(),
                                                    [](const auto& a) { return a.timestamp != 0; });
    for (const auto& item : request.candidates) add_candidate(item);
  }

  void add_candidate(const Item& item) {
    ++summary_.candidates;
    if (item.price)
      prices_[item.currency].push_back(static_cast<double>(*item.price));
    else
      ++summary_.candidates_without_price;
    if (item.ad) ++summary_.ads;
    distinct_["id"].insert(item.id);
    if (!item.title.empty()) distinct_["title"].insert(item.title);
    if (!item.category.empty()) distinct_["category"].insert(item.category);
    if (!item.brand.empty()) distinct_["brand"].insert(item.brand);
    if (!item.seller.empty()) distinct_["seller"].insert(item.seller);
    for (const auto& [name, value] : item.features) features_[name].push_back(value);
  }

  void add_page(const LoggedPage& page) {
    if (page.timestamp != 0) times_.push_back(page.timestamp);
    if (page.page_propensity) propensities_[1].push_back(*page.page_propensity);
    auto& of_kind = propensities_[static_cast<std::size_t>(page.slot_propensity_kind)];
    of_kind.insert(of_kind.end(), page.slot_propensities.begin(), page.slot_propensities.end());
    if (page.revisit_of) {
      ++summary_.revisits;
      return;
    }
    ++summary_.pages;
    ++summary_.policies[page.policy_id];
    ++summary_.layouts[page.section_names];
    for (const auto& event : page.events) ++summary_.events[static_cast<std::size_t>(event.kind)];
    if (std::any_of(page.events.begin(), page.events.end(),
                    [](const auto& event) { return event.kind != EventKind::impression; }))
      ++summary_.pages_with_feedback;
    slots_of_page_.push_back(page.page.slot_count());
    add_slots(page);
  }

  void add_slots(const LoggedPage& page) {
    const auto feedback = slot_feedback(page);
    if (feedback.size() > summary_.slots.size()) summary_.slots.resize(feedback.size());
    std::map<std::string, int> on_page;
    std::size_t slot = 0;
    for (std::size_t s = 0; s < page.page.sections.size(); ++s) {
      const auto& name = page.section_names[s];
      const auto [found, is_new] = summary_.sections.try_emplace(name);
      auto& section = found->second;
      const int size = static_cast<int>(page.page.sections[s].items.size());
      const int place = static_cast<int>(s);
      if (is_new) {
        summary_.section_order.push_back(name);
        section.min_slots = size;
        section.min_places = place;
      }
      ++section.pages;
      section.min_slots = std::min(section.min_slots, size);
      section.max_slots = std::max(section.max_slots, size);
      section.min_places = std::min(section.min_places, place);
      section.max_places = std::max(section.max_places, place);
      section.most_on_a_page = std::max(section.most_on_a_page, ++on_page[name]);
      for (int n = 0; n < size; ++n, ++slot) {
        add_rates(section.rates, feedback[slot]);
        add_rates(summary_.slots[slot], feedback[slot]);
      }
    }
  }

  void add_times() {
    if (times_.empty()) return;
    std::sort(times_.begin(), times_.end());
    summary_.first_time = times_.front();
    summary_.last_time = times_.back();
    const auto usual = (times_.back() - times_.front()) / static_cast<std::int64_t>(times_.size());
    const auto long_gap = std::max<std::int64_t>(3600, 50 * usual);
    for (std::size_t i = 1; i < times_.size(); ++i)
      if (times_[i] - times_[i - 1] > long_gap) summary_.gaps.push_back({times_[i - 1], times_[i]});
    std::stable_sort(summary_.gaps.begin(), summary_.gaps.end(),
                     [](const auto& a, const auto& b) { return a.to - a.from > b.to - b.from; });
    if (summary_.gaps.size() > kShownGaps) summary_.gaps.resize(kShownGaps);
  }

  LogSummary summary_;
  LogSuspicions suspicions_;
  std::unordered_map<std::string, unsigned> users_;  ///< bit set of the splits a user is in
  std::map<std::string, std::vector<double>> prices_, features_;
  std::array<std::vector<double>, 4> propensities_;
  std::vector<double> candidates_of_request_, slots_of_page_, history_of_request_;
  std::map<std::string, std::unordered_set<std::string>> distinct_, context_;
  std::vector<std::int64_t> times_;
};

}  // namespace

LogSummary summarise_log(const std::filesystem::path& folder) {
  LogReader reader(folder);
  LogSummaryBuilder builder;
  for (FeedbackLog part; reader.next(part);) builder.add(part, reader.origin());
  return builder.finish();
}

}  // namespace pagewright
