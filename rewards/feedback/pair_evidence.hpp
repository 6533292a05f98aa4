#pragma once
// What a log says about the items of a page, and what it says about candidates that are not on it.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "rewards/feedback/debias/item_gains.hpp"

namespace pagewright {

/// A logged page with its gains.
struct JudgedPage {
  std::int64_t index = 0;  ///< into FeedbackLog::pages
  const Request* request = nullptr;
  const LoggedPage* logged = nullptr;
  std::vector<std::int32_t> items;  ///< [K] candidates in page order
  std::vector<double> gains;        ///< [K] observed
  std::vector<double> item_gains;   ///< [K] debiased
  int evidence = 0;                 ///< engagements

  bool engaged(std::size_t slot) const { return gains[slot] > 0; }
  const Item& item(std::size_t slot) const {
    return request->candidates[static_cast<std::size_t>(items[slot])];
  }
};

/// Candidates of the request that are not on the page, ascending.
std::vector<std::int32_t> candidates_off_page(const JudgedPage& page);

/// The pages that `gains` learns from in a split, judged, in the order of the log.
std::vector<JudgedPage> judge_pages(const FeedbackLog& log, const ItemGains& gains, Split split);

/// What the users of the judged pages were shown. Keeps references to them.
class ShownItems {
 public:
  explicit ShownItems(const std::vector<JudgedPage>& pages);

  /// Candidates of the page's request that are not on it and that another page of the same user showed at or
  /// above its last engaged slot without engagement, ascending. A candidate that the user engaged with
  /// anywhere is not among them.
  std::vector<std::int32_t> skipped(const JudgedPage& page) const;
  /// Candidates that no page of the user shows, ascending.
  std::vector<std::int32_t> unseen(const JudgedPage& page) const;

 private:
  struct User {
    std::unordered_set<std::string> skipped;
    std::unordered_set<std::string> engaged;
    std::unordered_set<std::string> shown;
  };
  std::unordered_map<std::string, User> users_;
};

/// Mean debiased gain per impression of an item, shrunk to its category's mean by five impressions; items
/// never shown get their category's mean, unknown categories the overall mean.
class ItemRelevance {
 public:
  explicit ItemRelevance(const std::vector<JudgedPage>& pages);
  double of(const Item& item) const;

 private:
  struct Rate {
    double gain = 0;
    double impressions = 0;
  };
  double of_category(const std::string& category) const;

  std::unordered_map<std::string, Rate> items_;
  std::unordered_map<std::string, Rate> categories_;
  Rate all_;
};

}  // namespace pagewright
