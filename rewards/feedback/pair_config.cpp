// Names and configuration of the pairs.
#include <algorithm>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/config/section.hpp"
#include "rewards/feedback/near_duplicate.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

namespace {

constexpr std::array<std::string_view, kPairFamilies> kFamilyNames = {"relevance", "ranking", "diversity",
                                                                      "redundancy", "natural"};

void read_family_weights(const Section& section, FamilyWeights& weights) {
  const Section family = section.child(
      "family_weights",
      "how often the page model draws each family relative to the others (lambda_f); 0 leaves a family out");
  for (std::size_t f = 0; f < weights.size(); ++f)
    family.read(kFamilyNames[f], weights[f], at_least(0), "weight of the family");
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; }))
    section.complain("family_weights", "at least one family needs a weight above 0");
}

}  // namespace

std::string_view pair_family_name(PairFamily family) {
  return kFamilyNames.at(static_cast<std::size_t>(family));
}

PairFamily pair_family_from_name(std::string_view name) {
  const auto found = std::find(kFamilyNames.begin(), kFamilyNames.end(), name);
  require(found != kFamilyNames.end(), "'{}' is no pair family; use one of: {}", name,
          fmt::join(kFamilyNames, ", "));
  return static_cast<PairFamily>(found - kFamilyNames.begin());
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
  section.read(
      "hard_share", config.hard_share, in_closed(0, 1),
      "share of the relevance pairs that look for a hard negative: a passed-over candidate that is like "
      "the item it replaces");
  section.read_enum("hard_by", config.hard_by,
                    {{"category", HardBy::category}, {"embedding", HardBy::embedding}},
                    "like: of the same category, or nearest to it and nearer than half of the candidates");
  section.read(
      "vector_prefix", config.vector_prefix,
      "with hard_by embedding: features whose names begin so are the item's vector, compared by cosine; "
      "empty: items are compared by category, brand, seller, price and features");
  section.read_enum("request_baseline", config.request_baseline,
                    {{"never", RequestBaseline::never},
                     {"without_repeats", RequestBaseline::without_repeats},
                     {"always", RequestBaseline::always}},
                    "whether natural pairs compare pages of different requests by what they did beyond the "
                    "baseline of their request: never, where no request gives a pair, or always");
  read_family_weights(section, config.family_weights);
  section.read("file", config.file,
               "file of pairs, as fit-reward --write-pairs writes it, that takes the place of making them");
  return config;
}

}  // namespace pagewright
