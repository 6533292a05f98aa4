#include "launch/evaluation/summarise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "core/metrics/page_metrics.hpp"

namespace pagewright {
namespace {

/// Collects columns and where their estimates go, so that one bootstrap serves all.
class ColumnPlan {
 public:
  void add(Estimate& target, RatioColumn column) {
    targets_.push_back(&target);
    columns_.push_back(std::move(column));
  }
  void run(std::span<const std::int32_t> users, const BootstrapOptions& options) {
    const std::vector<Estimate> estimates = bootstrap_by_user(users, columns_, options);
    for (std::size_t i = 0; i < targets_.size(); ++i) *targets_[i] = estimates[i];
  }

 private:
  std::vector<Estimate*> targets_;
  std::vector<RatioColumn> columns_;
};

bool all_unmeasured(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

/// (policy - zero) / (full - zero) as a ratio of sums.
RatioColumn gap_column(const std::vector<double>& policy, const std::vector<double>& zero,
                       const std::vector<double>& full) {
  return {difference_column(policy, zero).numerator, difference_column(full, zero).numerator};
}

class Summariser {
 public:
  Summariser(std::span<const PolicyPages> policies, std::span<const EvaluationCase> cases,
             std::span<const std::size_t> chosen, const SummaryOptions& options)
      : policies_(policies),
        cases_(cases),
        chosen_(chosen),
        options_(options),
        fields_(metric_fields(options.k)) {
    for (const PolicyPages& policy : policies)
      require(policy.pages.size() == cases.size(), "evaluation: policy '{}' has {} pages for {} requests",
              policy.name, policy.pages.size(), cases.size());
  }

  Evaluation run() {
    std::vector<std::string> users;
    for (const std::size_t i : chosen_) {
      const Request& request = *cases_[i].request;
      users.push_back(request.user.empty() ? "request " + std::to_string(cases_[i].key)
                                           : "user " + request.user);
    }
    const std::vector<std::int32_t> numbers = number_users(users);
    Evaluation result;
    // The plan keeps pointers to estimates: map nodes stay where they are, and the vectors must not grow.
    result.policies.reserve(policies_.size());
    result.first_slot.reserve(policies_.size());
    result.differences.reserve(options_.differences.size());
    result.requests = static_cast<std::int64_t>(chosen_.size());
    result.users = numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end()) + 1;
    for (const PolicyPages& policy : policies_) add_policy(result, policy);
    for (const auto& [left, right] : options_.differences) add_difference(result, left, right);
    plan_.run(numbers, options_.bootstrap);
    return result;
  }

 private:
  const PolicyPages* find(const std::string& name) const {
    const auto found = std::find_if(policies_.begin(), policies_.end(),
                                    [&](const PolicyPages& policy) { return policy.name == name; });
    return found == policies_.end() ? nullptr : &*found;
  }

  std::vector<double> values_of(const PolicyPages& policy, double PageMetrics::*field) const {
    std::vector<double> values;
    for (const std::size_t i : chosen_) values.push_back(policy.pages[i].metrics.*field);
    return values;
  }

  void add_policy(Evaluation& result, const PolicyPages& policy) {
    PolicySummary& summary = result.policies.emplace_back();
    summary.name = policy.name;
    for (const MetricField& field : fields_) {
      const std::vector<double> values = values_of(policy, field.value);
      if (!all_unmeasured(values)) plan_.add(summary.metrics[field.name], mean_column(values));
    }
    add_gap(summary, policy);
    add_set_metrics(summary, policy);
    if (!policy.first_slot.empty()) add_first_slot(result, policy);
  }

  void add_gap(PolicySummary& summary, const PolicyPages& policy) {
    const PolicyPages* zero = find(options_.gap_zero);
    const PolicyPages* full = find(options_.gap_full);
    if (zero == nullptr || full == nullptr) return;
    const std::pair<const char*, double PageMetrics::*> truths[] = {
        {"gap_closed_utility", &PageMetrics::true_utility},
        {"gap_closed_ctr", &PageMetrics::true_ctr},
        {"gap_closed_gmv", &PageMetrics::true_gmv}};
    for (const auto& [name, field] : truths) {
      const std::vector<double> values = values_of(policy, field);
      if (!all_unmeasured(values))
        plan_.add(summary.metrics[name],
                  gap_column(values, values_of(*zero, field), values_of(*full, field)));
    }
  }

  void add_set_metrics(PolicySummary& summary, const PolicyPages& policy) const {
    CoverageTally coverage;
    ValidityTally validity;
    for (const std::size_t i : chosen_) {
      coverage.add(*cases_[i].request, policy.pages[i].page);
      validity.add(policy.pages[i].violations);
    }
    summary.metrics["coverage"] = {coverage.coverage(), kNotMeasured, kNotMeasured, coverage.candidates()};
    summary.causes = validity.causes();
  }

  void add_first_slot(Evaluation& result, const PolicyPages& policy) {
    PolicySummary& summary = result.first_slot.emplace_back();
    summary.name = policy.name;
    for (const MetricField& field : fields_) {
      std::vector<double> values;
      for (const std::size_t i : chosen_) values.push_back(policy.first_slot[i].*field.value);
      if (!all_unmeasured(values)) plan_.add(summary.metrics[field.name], mean_column(values));
    }
  }

  void add_difference(Evaluation& result, const std::string& left, const std::string& right) {
    const PolicyPages* left_pages = find(left);
    const PolicyPages* right_pages = find(right);
    if (left_pages == nullptr || right_pages == nullptr) return;
    DifferenceSummary& summary = result.differences.emplace_back();
    summary.left = left;
    summary.right = right;
    for (const MetricField& field : fields_) {
      const std::vector<double> values = values_of(*left_pages, field.value);
      if (!all_unmeasured(values))
        plan_.add(summary.metrics[field.name],
                  difference_column(values, values_of(*right_pages, field.value)));
    }
  }

  std::span<const PolicyPages> policies_;
  std::span<const EvaluationCase> cases_;
  std::span<const std::size_t> chosen_;
  const SummaryOptions& options_;
  std::vector<MetricField> fields_;
  ColumnPlan plan_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> usual_differences(std::span<const PolicyPages> policies,
                                                                   std::span<const EvaluationCase> cases) {
  std::set<std::string> references{"logged", "imitation", "warmup", "page_only", "item_only"};
  if (std::any_of(cases.begin(), cases.end(), [](const EvaluationCase& test) { return test.same_list(); }))
    references.insert("last_touched");
  static const std::set<std::string> kBounds{"random", "oracle"};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < policies.size(); ++i)
    for (std::size_t before = 0; before < i && kBounds.count(policies[i].name) == 0; ++before)
      if (references.count(policies[before].name) > 0)
        pairs.emplace_back(policies[i].name, policies[before].name);
  return pairs;
}

Evaluation summarise(std::span<const PolicyPages> policies, std::span<const EvaluationCase> cases,
                     std::span<const std::size_t> chosen, const SummaryOptions& options) {
  return Summariser(policies, cases, chosen, options).run();
}

Evaluation summarise(std::span<const PolicyPages> policies, std::span<const EvaluationCase> cases,
                     const SummaryOptions& options) {
  std::vector<std::size_t> chosen(cases.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  return summarise(policies, cases, chosen, options);
}

EvaluationReport summarise_with_views(std::span<const PolicyPages> policies,
                                      std::span<const EvaluationCase> cases, const SummaryOptions& options) {
  std::vector<std::size_t> first_views, revisits;
  for (std::size_t i = 0; i < cases.size(); ++i) (cases[i].same_list() ? revisits : first_views).push_back(i);
  EvaluationReport report{summarise(policies, cases, options), {}};
  if (first_views.empty() || revisits.empty()) return report;
  report.slices.emplace_back("first views", summarise(policies, cases, first_views, options));
  report.slices.emplace_back("same list again", summarise(policies, cases, revisits, options));
  return report;
}

}  // namespace pagewright
