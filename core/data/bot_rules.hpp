#pragma once
// Sessions that look like those of a program, so that an import can leave them out.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// A session is a run of a user's pages without a gap of more than 30 minutes; without a user, of the pages
/// of one `session` of the context; without either, a request. It looks like a program's if any of the rules
/// holds; 0 switches a rule off.
struct BotRules {
  int pages_per_hour = 120;   ///< more first views within some hour
  int clicks_per_hour = 300;  ///< more clicks on pages shown within some hour
  int full_pages = 3;         ///< so many pages with a click on every slot, of at least four slots
  int clicks_a_second = 5;    ///< so many slots of a page clicked within one second. Clicks without a time of
                              ///< their own (none, or the page's) do not count
};
enum class BotRule { pages_per_hour, clicks_per_hour, full_pages, clicks_a_second };
inline constexpr std::size_t kBotRules = 4;

/// The rule in words, with its number: "more than 120 pages an hour".
std::string bot_rule_text(const BotRules& rules, BotRule rule);

/// What the rules found.
struct BotFindings {
  std::unordered_set<std::uint64_t> pages;         ///< bot_page_key() of the pages of bot-like sessions
  std::array<std::int64_t, kBotRules> sessions{};  ///< by rule; a session counts for each rule that holds
  std::int64_t all_sessions = 0, bot_sessions = 0;
};
std::uint64_t bot_page_key(std::string_view page_id);

/// Looks at every page once; memory is 24 bytes a page and the names of the users.
class BotWatch {
 public:
  explicit BotWatch(const BotRules& rules) : rules_(rules) {}
  void see(const Request& request, const LoggedPage& page);
  BotFindings findings() const;

 private:
  struct Seen {
    std::uint64_t key = 0;
    std::int64_t time = 0;
    std::int32_t clicks = 0;
    bool first_view = true, full = false, burst = false;
  };
  void judge(const std::vector<Seen>& session, BotFindings& findings) const;

  BotRules rules_;
  std::unordered_map<std::string, std::vector<Seen>> by_user_;
};

}  // namespace pagewright
