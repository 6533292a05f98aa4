#pragma once
// The best that greedy composition can do when the truth is known: the upper reference of simulated
// comparisons.

#include <string>

#include "core/iteration/interfaces.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_structure.hpp"
#include "core/page/vocabulary.hpp"
#include "rewards/feedback/gain_weights.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

enum class OracleGoal { utility, gmv, clicks };

/// The page made slot by slot, each time with the allowed candidate that adds most to the goal's expectation
/// (items above are unaffected by items below). Where the schema leaves the sections open, the first allowed
/// section is opened. `vocabulary` may have a base vocabulary.
Page oracle_page(const RequestTruth& truth, const PageGrammar& grammar, const LayoutVocabulary& vocabulary,
                 OracleGoal goal, const GainWeights& weights);

/// oracle_page() as a policy. It has no density: log_probs() throws, and generated pages have log-probs 0.
/// All samples of a request are the same page.
class OraclePolicy : public Policy {
 public:
  /// Keeps a reference to the world.
  OraclePolicy(const World& world, LayoutVocabulary vocabulary, OracleGoal goal, GainWeights weights);

  std::string name() const override;
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;

 private:
  const World& world_;
  LayoutVocabulary vocabulary_;
  PageStructureCache structures_;
  OracleGoal goal_;
  GainWeights weights_;
};

}  // namespace pagewright
