#include "launch/evaluation/page_record.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/metrics/page_metrics.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {
namespace {

std::vector<double> grades_in_rank_order(std::span<const std::int32_t> ranking, std::vector<double> grades) {
  std::vector<double> result;
  for (const std::int32_t candidate : ranking) {
    result.push_back(std::exchange(grades.at(static_cast<std::size_t>(candidate)), 0.0));
  }
  return result;
}

}  // namespace

std::vector<MetricField> metric_fields(int k) {
  return {{"true_utility", &PageMetrics::true_utility},  {"true_ctr", &PageMetrics::true_ctr},
          {"true_gmv", &PageMetrics::true_gmv},          {fmt::format("ndcg@{}", k), &PageMetrics::ndcg},
          {"mrr", &PageMetrics::reciprocal_rank},        {fmt::format("recall@{}", k), &PageMetrics::recall},
          {fmt::format("hit@{}", k), &PageMetrics::hit}, {"validity", &PageMetrics::validity},
          {"diversity", &PageMetrics::diversity},        {"brand_diversity", &PageMetrics::brand_diversity},
          {"duplicates", &PageMetrics::duplicates}};
}

void measure_ranking(PageMetrics& metrics, std::span<const std::int32_t> ranking,
                     const Engagement& engagement, const RankingOptions& options) {
  if (engagement.engaged == 0) return;
  const std::vector<double> relevance = grades_in_rank_order(ranking, engagement.grades);
  metrics.ndcg = ndcg(relevance, engagement.grades, options.k, options.gain);
  metrics.recall = recall(relevance, options.k, engagement.engaged);
  metrics.hit = hit(relevance, options.k);
  std::vector<double> only_target(engagement.grades.size(), 0.0);
  only_target.at(static_cast<std::size_t>(engagement.target)) = 1;
  metrics.reciprocal_rank = reciprocal_rank(grades_in_rank_order(ranking, std::move(only_target)));
}

EvaluatedPage measure_page(const PageSchema& schema, const EvaluationCase& test, const Trajectory& generated,
                           const RankingOptions& options) {
  EvaluatedPage record;
  record.key = test.key;
  record.page = generated.page;
  record.violations = page_violations(schema, *test.request, generated.page);
  // A response that is no page at all breaks no rule of the schema by what could be read of it.
  if (record.violations.empty() && !generated.invalid_cause.empty())
    record.violations.push_back(generated.invalid_cause);
  record.metrics.validity = record.violations.empty() ? 1 : 0;
  record.metrics.diversity = attribute_diversity(*test.request, record.page, ItemAttribute::category);
  record.metrics.brand_diversity = attribute_diversity(*test.request, record.page, ItemAttribute::brand);
  record.metrics.duplicates = duplicate_rate(record.page);
  measure_ranking(record.metrics, record.page.items(), engagement_of(test, options.grades), options);
  return record;
}

}  // namespace pagewright
