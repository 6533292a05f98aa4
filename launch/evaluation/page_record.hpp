#pragma once
// What is measured on one page.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/iteration/trajectory.hpp"
#include "core/metrics/ranking.hpp"
#include "launch/evaluation/evaluation_case.hpp"

namespace pagewright {

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// Metrics of one page; kNotMeasured where a metric is not defined (no engagement, no truth, no such
/// attribute).
struct PageMetrics {
  double true_utility = kNotMeasured;  ///< expected gain
  double true_ctr = kNotMeasured;      ///< expected clicks per slot
  double true_gmv = kNotMeasured;      ///< expected revenue of the page
  double ndcg = kNotMeasured;  ///< of the items in page order against the engaged items of the shown page
  double reciprocal_rank =
      kNotMeasured;  ///< of the target item (Engagement::target), 0 if it is not on the page
  double recall = kNotMeasured;
  double hit = kNotMeasured;
  double validity = kNotMeasured;         ///< 1 or 0
  double diversity = kNotMeasured;        ///< share of slot pairs of different category
  double brand_diversity = kNotMeasured;  ///< share of slot pairs of different brand
  double duplicates = kNotMeasured;       ///< share of slots that repeat an item
};

/// A metric's name in tables and files, and where it lies.
struct MetricField {
  std::string name;
  double PageMetrics::*value;
};

/// All metrics, "ndcg@10" and its kind with the cut-off k in the name.
std::vector<MetricField> metric_fields(int k);

struct RankingOptions {
  int k = 10;
  GainKind gain = GainKind::linear;
  EngagementGrades grades;
};

/// NDCG, reciprocal rank, recall and hit of a ranking of candidates (indices, best first; a repeat counts as
/// not relevant), into `metrics`. They stay kNotMeasured when the user engaged with nothing.
void measure_ranking(PageMetrics& metrics, std::span<const std::int32_t> ranking,
                     const Engagement& engagement, const RankingOptions& options);

/// A policy's page for one case.
struct EvaluatedPage {
  std::int64_t key = 0;  ///< of the request
  Page page;
  std::vector<std::string> violations;  ///< causes why the page is not valid; empty for a valid page
  PageMetrics metrics;
};

/// Measures everything but the truth.
EvaluatedPage measure_page(const PageSchema& schema, const EvaluationCase& test, const Trajectory& generated,
                           const RankingOptions& options);

}  // namespace pagewright
