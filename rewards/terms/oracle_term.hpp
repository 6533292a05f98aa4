#pragma once
// The simulator's truth as a reward: for studies of what a perfect reward would give. A run that uses it must
// say `allow_oracle: true`.

#include "rewards/simulator/world.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// Page-grained: true expected gain of the page. `world` must outlive the term.
class OracleTerm : public RewardTerm {
 public:
  OracleTerm(const World& world, GainWeights gains) : world_(world), gains_(gains) {}
  std::string name() const override { return "oracle"; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  const World& world_;
  GainWeights gains_;
};

}  // namespace pagewright
