#pragma once
// The transformer as a policy: generates pages and scores given ones.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/iteration/first_slot_ranking.hpp"
#include "core/iteration/interfaces.hpp"
#include "core/model/weights_view.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// Works in chunks of requests over the pool's threads; results do not depend on the chunks or the number of
/// threads. Weights of any type, on any device; pages' log-probs are
/// float. References must outlive it; a WeightsView must stay unchanged until the call
/// that took it returns.
class ModelPolicy : public Policy, public Generator, public FirstSlotRanking {
 public:
  /// `newest` gives the weights to use and is asked once a call.
  ModelPolicy(const PageLanguage& language, std::function<WeightsView()> newest, LanePool& pool,
              std::string name);

  std::string name() const override { return name_; }

  /// Each page's behaviour log-probs equal those of log_probs() at temperature 1 bit for bit. Without
  /// constraints every layout token is allowed, a page is cut 8 tokens after the longest valid one, and
  /// `invalid_cause` says what is wrong with it.
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;

  /// Full forward on given pages; samples of one request that follow each other share its prompt. The
  /// grammar's allowed sets; throws Error for a page outside the grammar.
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;

  /// Log-prob of each candidate at the first item position of the greedy page in the candidate order of
  /// iteration 0; -infinity where the grammar forbids the item.
  std::vector<std::vector<double>> first_slot_scores(std::span<const KeyedRequest> requests) override;

 private:
  WeightsView checked_weights() const;
  int requests_per_chunk(std::size_t requests) const;

  const PageLanguage& language_;
  std::function<WeightsView()> newest_;
  LanePool& pool_;
  std::string name_;
};

}  // namespace pagewright
