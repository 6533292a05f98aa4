#pragma once
// What is known of a candidate before anybody clicks, in numbers.

#include <string>
#include <vector>

#include "core/page/request.hpp"

namespace pagewright {

/// Names of the signals that every request has: price against the other candidates, ad, what the history
/// says of the item, its category, brand and seller.
const std::vector<std::string>& candidate_signal_names();

/// Their values for one candidate, in the same order. Unknown prices count as the mean of the candidates.
std::vector<double> candidate_signals(const Request& request, std::size_t candidate);

}  // namespace pagewright
