#include "launch/evaluation/evaluate_policies.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "core/iteration/first_slot_ranking.hpp"

namespace pagewright {
namespace {

void add_true_values(PageMetrics& metrics, const TrueValues& values) {
  metrics.true_utility = values.utility;
  metrics.true_ctr = values.ctr;
  metrics.true_gmv = values.gmv;
}

/// Candidates by falling score; equal scores keep the order of the candidates.
std::vector<std::int32_t> ranking_by_score(const std::vector<double>& scores) {
  std::vector<std::int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t left, std::int32_t right) {
    return scores[static_cast<std::size_t>(left)] > scores[static_cast<std::size_t>(right)];
  });
  return order;
}

class PolicyRun {
 public:
  PolicyRun(const NamedPolicy& named, const PageSchema& schema, const EvaluationOptions& options)
      : named_(named), schema_(schema), options_(options) {
    require(named.policy != nullptr, "evaluation: policy '{}' is missing", named.name);
    sampling_.seed = options.seed;
    sampling_.greedy = true;
    sampling_.constrained = options.constrained;
    result_.name = named.name;
  }

  void add(std::span<const EvaluationCase> cases) {
    std::vector<KeyedRequest> requests;
    for (const EvaluationCase& test : cases) requests.push_back({test.request, test.key});
    add_pages(cases, requests);
    if (auto* ranking = dynamic_cast<FirstSlotRanking*>(named_.policy))
      add_rankings(cases, requests, *ranking);
  }
  PolicyPages result() && { return std::move(result_); }

 private:
  void add_pages(std::span<const EvaluationCase> cases, std::span<const KeyedRequest> requests) {
    const std::vector<Trajectory> generated = named_.policy->generate(requests, sampling_);
    require(generated.size() == cases.size(), "evaluation: policy '{}' gave {} pages for {} requests",
            named_.name, generated.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      EvaluatedPage record = measure_page(schema_, cases[i], generated[i], options_.ranking);
      if (options_.truth) add_true_values(record.metrics, options_.truth(*cases[i].request, record.page));
      result_.pages.push_back(std::move(record));
    }
  }

  void add_rankings(std::span<const EvaluationCase> cases, std::span<const KeyedRequest> requests,
                    FirstSlotRanking& ranking) {
    const std::vector<std::vector<double>> scores = ranking.first_slot_scores(requests);
    require(scores.size() == cases.size(), "evaluation: policy '{}' ranked {} of {} requests", named_.name,
            scores.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      require(scores[i].size() == cases[i].request->candidates.size(),
              "evaluation: policy '{}' gave {} scores for the {} candidates of request '{}'", named_.name,
              scores[i].size(), cases[i].request->candidates.size(), cases[i].request->id);
      measure_ranking(result_.first_slot.emplace_back(), ranking_by_score(scores[i]),
                      engagement_of(cases[i], options_.ranking.grades), options_.ranking);
    }
  }

  const NamedPolicy& named_;
  const PageSchema& schema_;
  const EvaluationOptions& options_;
  SampleOptions sampling_;
  PolicyPages result_;
};

void check_policy_names(std::span<const NamedPolicy> policies) {
  std::set<std::string> names;
  for (const NamedPolicy& named : policies)
    require(names.insert(named.name).second, "evaluation: two policies are called '{}'", named.name);
}

}  // namespace

std::vector<PolicyPages> evaluate_policies(std::span<const NamedPolicy> policies,
                                           std::span<const EvaluationCase> cases, const PageSchema& schema,
                                           const EvaluationOptions& options) {
  require(options.batch >= 1, "evaluation: a batch of {} requests", options.batch);
  check_policy_names(policies);
  std::vector<PolicyPages> results;
  const auto total = static_cast<std::int64_t>(policies.size() * cases.size());
  std::int64_t done = 0;
  for (const NamedPolicy& named : policies) {
    PolicyRun run(named, schema, options);
    for (std::size_t first = 0; first < cases.size(); first += options.batch) {
      const auto batch = cases.subspan(first, std::min(options.batch, cases.size() - first));
      run.add(batch);
      done += static_cast<std::int64_t>(batch.size());
      if (options.progress) options.progress(done, total);
    }
    results.push_back(std::move(run).result());
  }
  return results;
}

}  // namespace pagewright
