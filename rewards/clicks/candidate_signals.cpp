#include "rewards/clicks/candidate_signals.hpp"

#include <cmath>
#include <optional>

namespace pagewright {
namespace {

struct PricePlace {
  double log_ratio = 0;  ///< log of the price over the candidates' geometric mean
  double rank = 0.5;     ///< share of the other candidates that cost less
};

PricePlace price_place(const Request& request, std::size_t candidate) {
  const std::optional<std::int64_t>& own = request.candidates[candidate].price;
  if (!own || *own <= 0) return {};
  double sum = 0, count = 0, cheaper = 0;
  for (const Item& item : request.candidates) {
    if (!item.price || *item.price <= 0) continue;
    sum += std::log(static_cast<double>(*item.price));
    count += 1;
    cheaper += *item.price < *own;
  }
  return {std::log(static_cast<double>(*own)) - sum / count, count > 1 ? cheaper / (count - 1) : 0.5};
}

/// Share of the history's actions whose item has the same attribute as `item`; 0 without either.
double history_share(const Request& request, const Item& item, std::string Item::*attribute) {
  if (request.history.empty() || (item.*attribute).empty()) return 0;
  double same = 0;
  for (const HistoryAction& action : request.history) same += action.item.*attribute == item.*attribute;
  return same / static_cast<double>(request.history.size());
}

}  // namespace

const std::vector<std::string>& candidate_signal_names() {
  static const std::vector<std::string> kNames{"log price over mean",
                                               "share of cheaper candidates",
                                               "ad",
                                               "touched before",
                                               "bought before",
                                               "history: category",
                                               "history: brand",
                                               "history: seller"};
  return kNames;
}

std::vector<double> candidate_signals(const Request& request, std::size_t candidate) {
  const Item& item = request.candidates.at(candidate);
  double touched = 0, bought = 0;
  for (const HistoryAction& action : request.history) {
    if (action.item.id != item.id) continue;
    touched = 1;
    if (action.kind == ActionKind::purchase) bought = 1;
  }
  const PricePlace price = price_place(request, candidate);
  return {price.log_ratio,
          price.rank,
          item.ad ? 1.0 : 0.0,
          touched,
          bought,
          history_share(request, item, &Item::category),
          history_share(request, item, &Item::brand),
          history_share(request, item, &Item::seller)};
}

}  // namespace pagewright
