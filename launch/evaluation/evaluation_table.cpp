#include "launch/evaluation/evaluation_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace pagewright {
namespace {

/// Metrics in the order of the columns, by name up to the cut-off: ndcg stands for ndcg@10. What is left out
/// is in the evaluation's file.
constexpr std::array<std::string_view, 11> kPolicyColumns{
    "true_utility", "true_ctr", "true_gmv", "gap_closed_utility", "ndcg",    "mrr",
    "recall",       "hit",      "validity", "diversity",          "coverage"};
constexpr std::array<std::string_view, 5> kDifferenceColumns{"true_utility", "true_ctr", "true_gmv", "ndcg",
                                                             "mrr"};

std::size_t column_rank(std::span<const std::string_view> order, const std::string& metric) {
  const std::string stem = metric.substr(0, metric.find('@'));
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), stem) - order.begin());
}

/// Neither unknown nor a plain 0: a column of nothing else says nothing.
bool is_telling(const Estimate& estimate) {
  return estimate.mean != 0 ? !std::isnan(estimate.mean) : estimate.low != estimate.high;
}

template <class Rows>
std::vector<std::string> metric_columns(const Rows& rows, std::span<const std::string_view> order) {
  std::set<std::string> names;
  for (const auto& row : rows)
    for (const auto& [name, estimate] : row.metrics)
      if (is_telling(estimate) && column_rank(order, name) < order.size()) names.insert(name);
  std::vector<std::string> columns(names.begin(), names.end());
  std::stable_sort(columns.begin(), columns.end(), [&](const auto& left, const auto& right) {
    return column_rank(order, left) < column_rank(order, right);
  });
  return columns;
}

/// Decimals that leave about four digits of the largest value of a column.
template <class Rows>
int decimals_of(const Rows& rows, const std::string& metric) {
  double largest = 0;
  for (const auto& row : rows)
    if (const auto found = row.metrics.find(metric);
        found != row.metrics.end() && std::isfinite(found->second.mean))
      largest = std::max(largest, std::abs(found->second.mean));
  return largest < 10 ? 4 : largest < 100 ? 2 : largest < 10000 ? 1 : 0;
}

std::string mean_cell(const MetricEstimates& metrics, const std::string& metric, int decimals) {
  const auto found = metrics.find(metric);
  if (found == metrics.end() || std::isnan(found->second.mean)) return "-";
  const Estimate& estimate = found->second;
  if (std::isnan(estimate.low)) return fmt::format("{:.{}f}", estimate.mean, decimals);
  return fmt::format("{:.{}f} ±{:.{}f}", estimate.mean, decimals, (estimate.high - estimate.low) / 2,
                     decimals);
}

std::string difference_cell(const MetricEstimates& metrics, const std::string& metric, int decimals) {
  const auto found = metrics.find(metric);
  if (found == metrics.end() || std::isnan(found->second.mean)) return "-";
  const Estimate& estimate = found->second;
  const bool shown = estimate.low > 0 || estimate.high < 0;
  return fmt::format("{:+.{}f} [{:+.{}f}, {:+.{}f}]{}", estimate.mean, decimals, estimate.low, decimals,
                     estimate.high, decimals, shown ? "*" : " ");
}

std::string evaluation_part_text(const std::string& title, const Evaluation& evaluation) {
  std::string text = fmt::format("{}: {} requests of {} users\n\n{}", title, evaluation.requests,
                                 evaluation.users, policy_table(evaluation).to_string());
  if (!evaluation.differences.empty())
    text += fmt::format("\nPaired differences; * the interval excludes 0\n\n{}",
                        difference_table(evaluation).to_string());
  for (const PolicySummary& policy : evaluation.policies)
    for (const auto& [cause, pages] : policy.causes)
      text +=
          fmt::format("\n{}: {} of {} pages invalid by {}", policy.name, pages, evaluation.requests, cause);
  return text + "\n";
}

}  // namespace

Table policy_table(const Evaluation& evaluation) {
  std::vector<PolicySummary> rows = evaluation.policies;
  for (PolicySummary ranking : evaluation.first_slot) {
    ranking.name += " (first slot)";
    rows.push_back(std::move(ranking));
  }
  const std::vector<std::string> columns = metric_columns(rows, kPolicyColumns);
  std::vector<std::string> headers{"policy"};
  headers.insert(headers.end(), columns.begin(), columns.end());
  Table table(headers);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == evaluation.policies.size()) table.add_rule();
    std::vector<std::string> cells{rows[i].name};
    for (const std::string& metric : columns)
      cells.push_back(mean_cell(rows[i].metrics, metric, decimals_of(rows, metric)));
    table.add_row(std::move(cells));
  }
  return table;
}

Table difference_table(const Evaluation& evaluation) {
  const std::vector<std::string> columns = metric_columns(evaluation.differences, kDifferenceColumns);
  std::vector<std::string> headers{"difference"};
  headers.insert(headers.end(), columns.begin(), columns.end());
  Table table(headers);
  for (const DifferenceSummary& difference : evaluation.differences) {
    std::vector<std::string> cells{difference.name()};
    for (const std::string& metric : columns)
      cells.push_back(
          difference_cell(difference.metrics, metric, decimals_of(evaluation.differences, metric)));
    table.add_row(std::move(cells));
  }
  return table;
}

std::string evaluation_text(const EvaluationReport& report) {
  std::string text = evaluation_part_text(report.slices.empty() ? "Evaluation" : "All requests", report.all);
  for (const auto& [name, slice] : report.slices) text += "\n" + evaluation_part_text(name, slice);
  return text;
}

}  // namespace pagewright
