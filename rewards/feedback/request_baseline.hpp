#pragma once
// What a request is worth whatever page it gets, so that pages of different requests can be compared.

#include <cstdint>
#include <vector>

#include "rewards/feedback/pair_evidence.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// Expected utility of each page's request, [pages], from what is known without the page: ridge regression of
/// utility on the means over the candidates of the signals of rewards/clicks/candidate_signals.hpp, log(1 +
/// length of the history), log(candidates) and the context (a variable for each value that at least 20 pages
/// have, of keys with at most 20 values), columns standardised, penalty 1; and the user's part: what the
/// user's other pages did beyond that, summed up and divided by their number plus 3. (A regression
/// coefficient for that part would let a page's own utility in by the back door, since the mean of the others
/// falls where the own one rises.)
std::vector<double> request_baselines(const std::vector<JudgedPage>& pages);

/// Utilities differ between requests because some requests are easier; a model that learns from such pairs
/// learns how easy a request is. So a page is compared with one of a request that is about as easy, and both
/// by what they did beyond their baseline.
struct AcrossPair {
  const JudgedPage* better = nullptr;
  const JudgedPage* worse = nullptr;
  double gap = 0;  ///< of utility minus baseline, above 0
};

/// Each page with one that is drawn from the 16 next in the order of the baselines and belongs to another
/// request; those whose gap exceeds the margin.
std::vector<AcrossPair> pairs_across_requests(const std::vector<JudgedPage>& pages, double margin,
                                              std::uint64_t seed);

/// Sum of the observed gains of a judged page.
double utility_of(const JudgedPage& page);

}  // namespace pagewright
