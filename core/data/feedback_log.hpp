#pragma once
// The feedback log in memory: requests, the pages shown for them with their propensities, and what users did.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/request.hpp"

namespace pagewright {

/// `dismiss`: the user hid the item or said that it is not wanted. `purchase_return`: pieces of a purchase
/// sent back.
enum class EventKind { impression, click, cart, purchase, dismiss, purchase_return };
inline constexpr int kEventKinds = 6;

struct Event {
  EventKind kind = EventKind::click;
  std::int32_t slot = 0;              ///< page-order slot
  std::int64_t timestamp = 0;         ///< seconds since the epoch
  std::optional<std::int64_t> price;  ///< of a purchase, minor units per piece
  std::int32_t quantity = 1;
  bool operator==(const Event&) const = default;
};

/// How a propensity is meant: of the whole page, of a slot given the slots before it, or of a slot by itself.
enum class PropensityKind { none, page, slot_given_prefix, slot_marginal };

enum class Split { train, valid, test };

/// A page as shown, or a revisit: the same list shown again later in the session, with a request of its own.
struct LoggedPage {
  std::string page_id;
  std::int64_t request = 0;  ///< index into FeedbackLog::requests
  std::string policy_id;
  std::int64_t timestamp = 0;
  Page page;
  std::vector<std::string> section_names;  ///< [sections] names of the section types as logged
  std::optional<double> page_propensity;   ///< probability of the whole page under the logging policy
  std::vector<double> slot_propensities;   ///< [K] or empty
  PropensityKind slot_propensity_kind = PropensityKind::none;
  std::optional<std::string> revisit_of;  ///< page_id of the first view of the same list (`same_list`)
  std::vector<Event> events;
  bool operator==(const LoggedPage&) const = default;
};

struct LoggedRequest {
  Request request;
  Split split = Split::train;
  bool operator==(const LoggedRequest&) const = default;
};

struct FeedbackLog {
  std::vector<LoggedRequest> requests;
  std::vector<LoggedPage> pages;
  bool operator==(const FeedbackLog&) const = default;
};

/// Feedback of one slot of a page, summed up from its events.
struct SlotFeedback {
  int clicks = 0;
  int carts = 0;
  int purchases = 0;   ///< pieces, those sent back later included
  double revenue = 0;  ///< minor units, of all these pieces
  int dismissals = 0;
  int returns = 0;  ///< pieces sent back
  /// A cart and a purchase imply their click, whether it was logged or not.
  bool clicked() const { return clicks > 0 || carts > 0 || purchases > 0; }
};
/// [K] in page order.
std::vector<SlotFeedback> slot_feedback(const LoggedPage& page);

/// Requests of the training split, in the order of the log, which must outlive them.
std::vector<const Request*> training_requests(const FeedbackLog& log);

}  // namespace pagewright
