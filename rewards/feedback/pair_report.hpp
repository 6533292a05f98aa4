#pragma once
// What pairs there are, by family, and why there are not more.

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// An aligned table, a row a family: pairs, hard, unseen and across-request ones, duplicates, mean weight,
/// pages without a pair and the commonest reason for it.
std::string pair_table(const PairSet& set);

/// By family {"pairs", "hard", "unseen", "across", "duplicates", "mean_weight", "none_because",
/// "pages_without"}; the last is an object of pages by reason.
nlohmann::json pair_report(const PairSet& set);

}  // namespace pagewright
