#include "rollout/baselines/price_ascending.hpp"

#include <limits>

namespace pagewright {

std::unique_ptr<ScoredPolicy> make_price_ascending_policy(const PageLanguage& language) {
  return std::make_unique<ScoredPolicy>(language, "price_ascending", [](const KeyedRequest& request) {
    std::vector<double> scores;
    for (const Item& item : request.request->candidates)
      scores.push_back(item.price ? -static_cast<double>(*item.price)
                                  : -std::numeric_limits<double>::infinity());
    return scores;
  });
}

}  // namespace pagewright
