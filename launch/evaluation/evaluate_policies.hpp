#pragma once
// Runs policies on the same cases and keeps what each of them did.

#include <functional>
#include <string>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "launch/evaluation/page_record.hpp"

namespace pagewright {

/// True expected values of a page. Only a simulator knows them.
struct TrueValues {
  double utility = 0;
  double ctr = 0;
  double gmv = 0;
};
using TruthFunction = std::function<TrueValues(const Request&, const Page&)>;

/// A policy under the name by which it appears in tables and files.
struct NamedPolicy {
  std::string name;
  Policy* policy = nullptr;
};

/// Called after every batch with pages done and pages to do, over all policies.
using EvaluationProgress = std::function<void(std::int64_t done, std::int64_t total)>;

struct EvaluationOptions {
  RankingOptions ranking;
  std::uint64_t seed = 0;
  bool constrained = true;      ///< false: without the grammar, to see how often pages would be valid
  std::size_t batch = 256;      ///< requests given to a policy at once
  TruthFunction truth;          ///< empty: true values are not measured
  EvaluationProgress progress;  ///< may be empty
};

/// All pages of one policy.
struct PolicyPages {
  std::string name;
  std::vector<EvaluatedPage> pages;  ///< [cases]
  /// [cases] metrics of the policy's first-slot ranking of all candidates; empty for a policy that has none.
  std::vector<PageMetrics> first_slot;
};

/// Generates each policy's greedy page for every case and measures it. One result per policy, in their order.
std::vector<PolicyPages> evaluate_policies(std::span<const NamedPolicy> policies,
                                           std::span<const EvaluationCase> cases, const PageSchema& schema,
                                           const EvaluationOptions& options);

}  // namespace pagewright
