#pragma once
// Faults of a log that numbers do not show by themselves.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/data/feedback_log.hpp"

namespace pagewright {

struct LogSummary;

/// Looks at every page of a log, then says in words what looks wrong.
class LogSuspicions {
 public:
  void add(const Request& request, const LoggedPage& page);
  /// Sentences, the gravest first; `summary` gives what is known otherwise.
  std::vector<std::string> sentences(const LogSummary& summary) const;

 private:
  void check_list(const Request& request, const LoggedPage& page);
  void check_times(const Request& request, const LoggedPage& page);

  std::int64_t pages_ = 0;                 ///< first views
  std::int64_t in_logged_order_ = 0;       ///< candidates stand in the order shown
  std::int64_t all_shown_ = 0;             ///< every candidate is on the page
  std::int64_t twice_on_page_ = 0;         ///< an item stands on the page twice
  std::int64_t same_list_ = 0;             ///< not marked as a revisit, yet the user saw this list before
  std::int64_t history_of_same_list_ = 0;  ///< ... and the history holds feedback on it
  std::int64_t history_after_page_ = 0;    ///< history younger than the page
  std::int64_t events_before_page_ = 0;
  std::int64_t purchases_without_price_ = 0;
  std::int64_t unmatched_revisits_ = 0;
  /// By user, session and list: items that got feedback there.
  std::unordered_map<std::string, std::set<std::string>> lists_;
  std::unordered_set<std::string> page_ids_;
};

}  // namespace pagewright
