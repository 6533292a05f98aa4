#pragma once
// A request for a page: who asks, what they did before, and the candidates a page may be composed of.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pagewright {

/// Something that can fill a slot: a product, an ad, a piece of content.
struct Item {
  std::string id;
  std::string title;
  std::optional<std::int64_t> price;  ///< minor units of `currency`, >= 0; absent when unknown
  std::string currency;               ///< ISO 4217 code; empty when `price` is absent
  std::string category;
  std::string brand;
  std::string seller;
  bool ad = false;
  std::map<std::string, double> features;  ///< free numeric features, by name
  bool operator==(const Item&) const = default;
};

enum class ActionKind { view, click, cart, purchase };

/// One thing the user did before the page was shown. `item` holds what is known of the item; `item.id` is
/// never empty.
struct HistoryAction {
  ActionKind kind = ActionKind::click;
  std::int64_t timestamp = 0;  ///< seconds since the epoch, 0 when unknown
  Item item;
  bool operator==(const HistoryAction&) const = default;
};

/// A request with M candidates. Candidates stay in the order of the source (for a log: the order in which
/// they were logged); the order in which a policy sees them is a CandidateOrder.
struct Request {
  std::string id;
  std::string user;
  std::string query;                           ///< empty when there is none
  std::int64_t timestamp = 0;                  ///< seconds since the epoch
  std::map<std::string, std::string> context;  ///< device, platform, page type, ...
  std::vector<HistoryAction> history;          ///< oldest first
  std::vector<Item> candidates;                ///< [M]
  bool operator==(const Request&) const = default;
};

}  // namespace pagewright
