#include "rewards/feedback/pair_evidence.hpp"

#include <algorithm>
#include <utility>

namespace pagewright {

std::vector<std::int32_t> candidates_off_page(const JudgedPage& page) {
  std::vector<std::int32_t> off;
  for (std::int32_t candidate = 0; candidate < static_cast<std::int32_t>(page.request->candidates.size());
       ++candidate)
    if (std::find(page.items.begin(), page.items.end(), candidate) == page.items.end())
      off.push_back(candidate);
  return off;
}

std::vector<JudgedPage> judge_pages(const FeedbackLog& log, const ItemGains& gains, Split split) {
  std::vector<JudgedPage> judged;
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedPage& logged = log.pages[i];
    if (!gains.config().learns_from(log, logged, split)) continue;
    const LoggedRequest& request = log.requests[static_cast<std::size_t>(logged.request)];
    JudgedPage page;
    page.index = static_cast<std::int64_t>(i);
    page.request = &request.request;
    page.logged = &logged;
    page.items = logged.page.items();
    page.gains = gains.observed(page.index);
    page.item_gains = gains.of(page.index);
    page.evidence = engagements(gains.weights(), logged);
    judged.push_back(std::move(page));
  }
  return judged;
}

namespace {

/// A request without a user counts as a user of its own.
std::string user_key(const Request& request) {
  return request.user.empty() ? "request " + request.id : "user " + request.user;
}

}  // namespace

ShownItems::ShownItems(const std::vector<JudgedPage>& pages) {
  for (const JudgedPage& page : pages) {
    User& user = users_[user_key(*page.request)];
    std::size_t looked_at = 0;  // slots at or above the last engaged one
    for (std::size_t k = 0; k < page.items.size(); ++k)
      if (page.engaged(k)) looked_at = k + 1;
    for (std::size_t k = 0; k < page.items.size(); ++k) {
      const std::string& id = page.item(k).id;
      user.shown.insert(id);
      if (page.engaged(k))
        user.engaged.insert(id);
      else if (k < looked_at)
        user.skipped.insert(id);
    }
  }
}

std::vector<std::int32_t> ShownItems::skipped(const JudgedPage& page) const {
  const User& user = users_.at(user_key(*page.request));
  std::vector<std::int32_t> found;
  for (const std::int32_t candidate : candidates_off_page(page)) {
    const std::string& id = page.request->candidates[static_cast<std::size_t>(candidate)].id;
    if (user.skipped.contains(id) && !user.engaged.contains(id)) found.push_back(candidate);
  }
  return found;
}

std::vector<std::int32_t> ShownItems::unseen(const JudgedPage& page) const {
  const User& user = users_.at(user_key(*page.request));
  std::vector<std::int32_t> found;
  for (const std::int32_t candidate : candidates_off_page(page))
    if (!user.shown.contains(page.request->candidates[static_cast<std::size_t>(candidate)].id))
      found.push_back(candidate);
  return found;
}

ItemRelevance::ItemRelevance(const std::vector<JudgedPage>& pages) {
  for (const JudgedPage& page : pages) {
    for (std::size_t k = 0; k < page.items.size(); ++k) {
      for (Rate* rate : {&items_[page.item(k).id], &categories_[page.item(k).category], &all_}) {
        rate->gain += page.item_gains[k];
        rate->impressions += 1;
      }
    }
  }
}

double ItemRelevance::of_category(const std::string& category) const {
  const auto known = categories_.find(category);
  const Rate& rate = known == categories_.end() ? all_ : known->second;
  return rate.impressions > 0 ? rate.gain / rate.impressions : 0;
}

double ItemRelevance::of(const Item& item) const {
  constexpr double kPriorImpressions = 5;
  const double prior = of_category(item.category);
  const auto known = items_.find(item.id);
  if (known == items_.end()) return prior;
  return (known->second.gain + kPriorImpressions * prior) / (known->second.impressions + kPriorImpressions);
}

}  // namespace pagewright
