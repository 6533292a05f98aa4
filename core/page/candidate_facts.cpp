#include "core/page/candidate_facts.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace pagewright {

void rank_prices(const Request& request, std::span<CandidateFacts> facts) {
  std::vector<std::int64_t> prices;
  prices.reserve(request.candidates.size());
  for (const Item& item : request.candidates)
    if (item.price) prices.push_back(*item.price);
  std::sort(prices.begin(), prices.end());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const std::optional<std::int64_t>& price = request.candidates[i].price;
    if (price)
      facts[i].price_rank =
          static_cast<double>(std::lower_bound(prices.begin(), prices.end(), *price) - prices.begin()) /
          static_cast<double>(facts.size());
    else
      facts[i].price_rank = std::numeric_limits<double>::quiet_NaN();
  }
}

void count_touches(const Request& request, std::span<CandidateFacts> facts) {
  if (request.history.empty()) return;
  std::unordered_map<std::string_view, std::size_t> places;
  places.reserve(facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) places.emplace(request.candidates[i].id, i);
  const std::size_t actions = request.history.size();
  for (std::size_t a = 0; a < actions; ++a) {
    const auto found = places.find(request.history[a].item.id);
    if (found == places.end()) continue;
    CandidateFacts& fact = facts[found->second];
    ++fact.history_count;
    fact.last_touched = static_cast<int>(actions - 1 - a);
    fact.last_action = request.history[a].kind;
  }
}

}  // namespace pagewright
