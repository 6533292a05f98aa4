#pragma once
// Parts of the traffic: for whom a policy wins and for whom it loses.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics/bootstrap.hpp"
#include "launch/page_examples.hpp"

namespace pagewright {

/// Requests that share a property: ("device", "phone").
using SliceName = std::pair<std::string, std::string>;

/// The slices of every request: each context key with at most 12 values, the level of its candidates' median
/// price (thirds of all requests), how much is known of the shopper, and first view or same list again where
/// the log has both.
std::vector<std::vector<SliceName>> slices_of(std::span<const PageExample> examples);

struct SliceResult {
  SliceName name;
  Estimate difference;  ///< policy minus baseline, over the slice's requests
  double baseline = 0;  ///< mean of the baseline over the same requests
};

/// Compares two policies in every slice that does not hold all requests; losers first. Intervals resample
/// users. Empty if one of the policies is missing or the metric is not measured.
std::vector<SliceResult> compare_slices(std::span<const PageExample> examples, const std::string& policy,
                                        const std::string& baseline, double PageMetrics::*metric,
                                        const BootstrapOptions& options);

}  // namespace pagewright
