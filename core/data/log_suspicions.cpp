#include "core/data/log_suspicions.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/log_summary.hpp"
#include "core/data/otto_importer.hpp"

namespace pagewright {
namespace {

std::string list_key(const Request& request, const LoggedPage& page) {
  const auto session = request.context.find("session");
  std::string key = request.user + '\n' + (session == request.context.end() ? "" : session->second);
  for (const auto item : page.page.items())
    key += '\n' + request.candidates[static_cast<std::size_t>(item)].id;
  return key;
}

bool in_logged_order(const std::vector<std::int32_t>& items) {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i] != static_cast<std::int32_t>(i)) return false;
  return true;
}

std::string suspicion_share(std::int64_t count, std::int64_t total) {
  return fmt::format("{} of {} ({:.1f} %)", count, total,
                     total > 0 ? 100.0 * static_cast<double>(count) / static_cast<double>(total) : 0.0);
}

}  // namespace

void LogSuspicions::add(const Request& request, const LoggedPage& page) {
  page_ids_.insert(page.page_id);
  for (const auto& event : page.events)
    if (event.kind == EventKind::purchase && !event.price) ++purchases_without_price_;
  check_times(request, page);
  if (page.revisit_of) {
    if (!page_ids_.contains(*page.revisit_of)) ++unmatched_revisits_;
    return;
  }
  ++pages_;
  auto items = page.page.items();
  if (items.size() > 1 && in_logged_order(items)) ++in_logged_order_;
  std::sort(items.begin(), items.end());
  const auto distinct = static_cast<std::size_t>(std::unique(items.begin(), items.end()) - items.begin());
  if (distinct < items.size()) ++twice_on_page_;
  if (distinct == request.candidates.size()) ++all_shown_;
  check_list(request, page);
}

void LogSuspicions::check_list(const Request& request, const LoggedPage& page) {
  if (request.user.empty()) return;
  const auto items = page.page.items();
  const auto [seen, is_new] = lists_.try_emplace(list_key(request, page));
  if (!is_new) {
    ++same_list_;
    const auto leaked = [&](const HistoryAction& action) { return seen->second.contains(action.item.id); };
    if (std::any_of(request.history.begin(), request.history.end(), leaked)) ++history_of_same_list_;
  }
  for (const auto& event : page.events)
    if (event.kind != EventKind::impression)
      seen->second.insert(
          request.candidates[static_cast<std::size_t>(items[static_cast<std::size_t>(event.slot)])].id);
}

void LogSuspicions::check_times(const Request& request, const LoggedPage& page) {
  if (page.timestamp == 0) return;
  const auto younger = [&](const HistoryAction& action) { return action.timestamp > page.timestamp; };
  if (std::any_of(request.history.begin(), request.history.end(), younger)) ++history_after_page_;
  const auto older = [&](const Event& event) {
    return event.timestamp != 0 && event.timestamp < page.timestamp;
  };
  if (std::any_of(page.events.begin(), page.events.end(), older)) ++events_before_page_;
}

std::vector<std::string> LogSuspicions::sentences(const LogSummary& summary) const {
  std::vector<std::string> found;
  const auto add_if = [&](bool condition, std::string sentence) {
    if (condition) found.push_back(std::move(sentence));
  };
  const auto all_pages = pages_ + summary.revisits;
  if (const auto assembled = summary.policies.find(kAssembledPolicy); assembled != summary.policies.end())
    found.push_back(fmt::format(
        "{} pages were put together by the importer from sessions that log no pages (policy '{}'): "
        "they teach which item goes on a session, nothing about positions or pages, and rates by "
        "slot are flat by construction. Candidates are drawn, so ranks among them are not ranks "
        "among all items.",
        suspicion_share(assembled->second, pages_), kAssembledPolicy));
  add_if(history_after_page_ > 0,
         fmt::format(
             "{} pages have a history that is younger than the page: it may hold the feedback that is to be "
             "predicted. Cut the history at the time of the page.",
             suspicion_share(history_after_page_, all_pages)));
  add_if(200 * same_list_ > pages_,
         fmt::format("{} pages show a list that the same user was shown before (in the same session, if "
                     "'session' is in the "
                     "context); on {} of them the history holds feedback on that very list. Mark them with "
                     "'revisit_of', "
                     "or the same page counts several times and its own feedback leaks into the input.",
                     suspicion_share(same_list_, pages_), history_of_same_list_));
  add_if(
      unmatched_revisits_ > 0,
      fmt::format("{} revisits name a page that does not come before them in the log.", unmatched_revisits_));
  add_if(events_before_page_ > 0, fmt::format("{} pages have events older than the page: check the clocks.",
                                              suspicion_share(events_before_page_, all_pages)));
  add_if(10 * in_logged_order_ > 9 * pages_,
         fmt::format("on {} pages the candidates stand in the order in which they were shown: the order "
                     "gives the logged "
                     "rank away. Keep 'candidate_order: shuffled', or call the result a re-ranker.",
                     suspicion_share(in_logged_order_, pages_)));
  add_if(10 * all_shown_ > 9 * pages_,
         fmt::format("on {} pages every candidate was shown: nothing can be learnt about which items to "
                     "leave out. Log the "
                     "candidates that were not shown as well, if there were any.",
                     suspicion_share(all_shown_, pages_)));
  add_if(twice_on_page_ > 0,
         fmt::format("{} pages show an item twice.", suspicion_share(twice_on_page_, pages_)));
  add_if(
      purchases_without_price_ > 0,
      fmt::format(
          "{} purchases have no price: their gain is that of the listed price, or of price_ref without one.",
          purchases_without_price_));
  const auto& known = summary.propensities;
  add_if(
      known[1].count + known[2].count + known[3].count == 0,
      "no page has propensities: off-policy evaluation is impossible. Log the probability of what is shown.");
  for (std::size_t kind = 1; kind < known.size(); ++kind)
    add_if(kind != 1 && known[kind].count > 0 && known[kind].min < 1e-3,
           fmt::format("the smallest slot propensity is {:.1e}: weights of up to {:.0f} will dominate an "
                       "estimate; clip.",
                       known[kind].min, 1 / known[kind].min));
  add_if(summary.prices.size() > 1,
         fmt::format("prices are in {} currencies; they are compared as numbers.", summary.prices.size()));
  add_if(summary.pages_with_feedback == 0, "not one page has feedback: there is nothing to learn from.");
  add_if(summary.first_time == 0, "no page has a time.");
  add_if(summary.users < 50, fmt::format("only {} users: intervals by user will be wide.", summary.users));
  return found;
}

}  // namespace pagewright
