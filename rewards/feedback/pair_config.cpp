// Names and configuration of the pairs.
#include "core/config/section.hpp"
#include "rewards/feedback/near_duplicate.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

std::string_view pair_family_name(PairFamily family) {
  static constexpr std::array<std::string_view, kPairFamilies> kNames = {"relevance", "ranking", "diversity",
                                                                         "redundancy", "natural"};
  return kNames.at(static_cast<std::size_t>(family));
}

PairConfig PairConfig::from(Section section) {
  PairConfig config;
  section.read("margin", config.margin, at_least(0).in_units("gains"),
               "two logged pages of one request make a pair if their utilities differ by more than this");
  section.read("replaced", config.replaced, in_closed(1, 1000).in_units("items"),
               "most items that a relevance or redundancy pair replaces");
  section.read(
      "unseen_weight", config.unseen_weight, in_closed(0, 1),
      "factor on the weight of relevance pairs with candidates that the user was never shown; 0: none");
  section.read(
      "reversal_share", config.reversal_share, in_closed(0, 1),
      "share of the ranking pairs that reverse or shuffle a whole page instead of swapping two items");
  section.read("diversity_share", config.diversity_share, in_right_open(0, 1),
               "diversity pairs fill up one category until it holds more than this share of the slots");
  section.read("price_ratio", config.price_ratio, at_least(1),
               "near-duplicates have the same category and brand, and prices within this ratio");
  return config;
}

}  // namespace pagewright
