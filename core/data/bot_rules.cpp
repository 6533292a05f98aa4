#include "core/data/bot_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/hash.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kSessionGap = 30 * 60, kHour = 60 * 60;
constexpr std::size_t kFewestSlots = 4;

/// Whose pages are looked at together. The kinds of names never meet.
std::string bot_user(const Request& request) {
  if (!request.user.empty()) return "u" + request.user;
  const auto session = request.context.find("session");
  return session != request.context.end() ? "s" + session->second : "r" + request.id;
}

std::size_t clicked_slots(const LoggedPage& page) {
  std::vector<std::int32_t> slots;
  for (const Event& event : page.events)
    if (event.kind == EventKind::click) slots.push_back(event.slot);
  std::sort(slots.begin(), slots.end());
  return static_cast<std::size_t>(std::unique(slots.begin(), slots.end()) - slots.begin());
}

/// The most different slots that were clicked within one second, of clicks with a time of their own.
int fastest_clicks(const LoggedPage& page) {
  std::vector<std::pair<std::int64_t, std::int32_t>> clicks;
  for (const Event& event : page.events)
    if (event.kind == EventKind::click && event.timestamp != 0 && event.timestamp != page.timestamp)
      clicks.emplace_back(event.timestamp, event.slot);
  std::sort(clicks.begin(), clicks.end());
  int most = 0;
  for (std::size_t first = 0; first < clicks.size(); ++first) {
    std::unordered_set<std::int32_t> slots;
    for (std::size_t k = first; k < clicks.size() && clicks[k].first - clicks[first].first <= 1; ++k)
      slots.insert(clicks[k].second);
    most = std::max(most, static_cast<int>(slots.size()));
  }
  return most;
}

/// The largest sum of `count` over pages shown within an hour; `session` is in order of time.
template <class Seen, class Count>
std::int64_t most_in_an_hour(const std::vector<Seen>& session, Count count) {
  std::int64_t sum = 0, most = 0;
  for (std::size_t first = 0, last = 0; last < session.size(); ++last) {
    sum += count(session[last]);
    while (session[last].time - session[first].time >= kHour) sum -= count(session[first++]);
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace

std::string bot_rule_text(const BotRules& rules, BotRule rule) {
  switch (rule) {
    case BotRule::pages_per_hour:
      return fmt::format("more than {} pages an hour", rules.pages_per_hour);
    case BotRule::clicks_per_hour:
      return fmt::format("more than {} clicks an hour", rules.clicks_per_hour);
    case BotRule::full_pages:
      return fmt::format("{} pages or more with a click on every slot", rules.full_pages);
    case BotRule::clicks_a_second:
      break;
  }
  return fmt::format("{} slots of a page or more clicked within a second", rules.clicks_a_second);
}

std::uint64_t bot_page_key(std::string_view page_id) {
  return stable_hash(page_id);
}

void BotWatch::see(const Request& request, const LoggedPage& page) {
  Seen seen;
  seen.key = bot_page_key(page.page_id);
  seen.time = page.timestamp;
  seen.first_view = !page.revisit_of.has_value();
  for (const Event& event : page.events) seen.clicks += event.kind == EventKind::click;
  const std::size_t slots = page.page.items().size();
  seen.full = slots >= kFewestSlots && clicked_slots(page) == slots;
  seen.burst = rules_.clicks_a_second > 0 && fastest_clicks(page) >= rules_.clicks_a_second;
  by_user_[bot_user(request)].push_back(seen);
}

void BotWatch::judge(const std::vector<Seen>& session, BotFindings& findings) const {
  const auto above = [](std::int64_t count, int most) { return most > 0 && count > most; };
  const std::array<bool, kBotRules> holds{
      above(most_in_an_hour(session, [](const Seen& page) { return page.first_view ? 1 : 0; }),
            rules_.pages_per_hour),
      above(most_in_an_hour(session, [](const Seen& page) { return page.first_view ? page.clicks : 0; }),
            rules_.clicks_per_hour),
      rules_.full_pages > 0 &&
          std::count_if(session.begin(), session.end(),
                        [](const Seen& page) { return page.full && page.first_view; }) >= rules_.full_pages,
      std::any_of(session.begin(), session.end(), [](const Seen& page) { return page.burst; })};
  ++findings.all_sessions;
  for (std::size_t rule = 0; rule < kBotRules; ++rule) findings.sessions[rule] += holds[rule];
  if (std::none_of(holds.begin(), holds.end(), [](bool held) { return held; })) return;
  ++findings.bot_sessions;
  for (const Seen& page : session) findings.pages.insert(page.key);
}

BotFindings BotWatch::findings() const {
  BotFindings findings;
  for (const auto& [user, pages] : by_user_) {
    std::vector<Seen> in_time = pages, session;
    std::stable_sort(in_time.begin(), in_time.end(),
                     [](const Seen& a, const Seen& b) { return a.time < b.time; });
    for (const Seen& page : in_time) {
      // A page without a time stands alone: nobody knows which hour it was.
      if (!session.empty() && (session.back().time <= 0 || page.time - session.back().time > kSessionGap)) {
        judge(session, findings);
        session.clear();
      }
      session.push_back(page);
    }
    judge(session, findings);
  }
  return findings;
}

}  // namespace pagewright
