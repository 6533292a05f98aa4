#pragma once
// Uniform choice at every step: the zero of the gap that other policies close.

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// How the random policy treats a section that may end before it is full.
enum class RandomLength {
  full,  ///< where an item may be placed, one is: every policy fills its pages, so only the choice of items
         ///< is compared
  any    ///< the end counts as one more choice, so that every valid page can appear
};

/// Every token is drawn uniformly from those open at the step. Random numbers are keyed by (seed, iteration,
/// request key, sample); temperature and greedy change nothing, pages are always constrained. log_probs() are
/// of this distribution: minus infinity where `full` ends a section early.
class RandomPolicy : public Policy {
 public:
  explicit RandomPolicy(const PageLanguage& language, RandomLength length = RandomLength::full)
      : language_(&language), length_(length) {}
  std::string name() const override { return "random"; }
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;

 private:
  /// The allowed layout indices among which the choice is made.
  std::span<const std::int32_t> open_choices(std::span<const std::int32_t> allowed) const;

  const PageLanguage* language_;
  RandomLength length_;
};

}  // namespace pagewright
