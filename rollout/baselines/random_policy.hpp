#pragma once
// Uniform choice at every step: the zero of the gap that other policies close.

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// Every token is drawn uniformly from the allowed ones, so every valid page can appear. Random numbers are
/// keyed by (seed, iteration, request key, sample); temperature and greedy change nothing, pages are always
/// constrained.
class RandomPolicy : public Policy {
 public:
  explicit RandomPolicy(const PageLanguage& language) : language_(&language) {}
  std::string name() const override { return "random"; }
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;

 private:
  const PageLanguage* language_;
};

}  // namespace pagewright
