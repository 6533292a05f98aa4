#include "distributed/pipeline/constraints.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

void price_page(const LagrangeMultiplier& multiplier, Score& score) {
  const ConstraintConfig& config = multiplier.config();
  const auto term = std::ranges::find(score.terms, config.term, &TermScore::name);
  require(term != score.terms.end(), "no reward term measured the constraint '{}'", config.term);
  require(term->slots_raw.size() == score.slot_rewards.size(), "constraint '{}': {} slots of a page of {}",
          config.term, term->slots_raw.size(), score.slot_rewards.size());
  const double slope = config.at_most ? -multiplier.value() : multiplier.value();
  for (std::size_t k = 0; k < score.slot_rewards.size(); ++k)
    score.slot_rewards[k] += static_cast<float>(slope * term->slots_raw[k]);
  score.page_reward += static_cast<float>(slope * (term->page_raw - config.limit));
}

/// Mean over valid pages of what is measured.
std::optional<double> measured_mean(const LagrangeMultiplier& multiplier, const Metrics& metrics) {
  const auto sum = metrics.find("term." + multiplier.config().term);
  const auto valid = metrics.find("valid");
  if (sum == metrics.end() || valid == metrics.end() || !(valid->second > 0)) return std::nullopt;
  return sum->second / valid->second;
}

}  // namespace

Constraints::Constraints(const std::vector<ConstraintConfig>& configs)
    : multipliers_(configs.begin(), configs.end()) {}

void Constraints::price(Experience& pages) const {
  for (const LagrangeMultiplier& multiplier : multipliers_)
    for (LearningRequest& request : pages.requests)
      for (LearningPage& page : request.pages)
        if (page.score.invalid_cause.empty()) price_page(multiplier, page.score);
}

void Constraints::report(Metrics& metrics) const {
  for (const LagrangeMultiplier& multiplier : multipliers_) {
    const std::string name = "term." + multiplier.config().term;
    if (const auto mean = measured_mean(multiplier, metrics))
      metrics[name + ".violation"] = multiplier.violation(*mean);
    metrics[name + ".multiplier"] = multiplier.value();
  }
}

void Constraints::update(const Metrics& metrics) {
  for (LagrangeMultiplier& multiplier : multipliers_)
    if (const auto mean = measured_mean(multiplier, metrics)) multiplier.update(*mean);
}

std::map<std::string, double> Constraints::multipliers() const {
  std::map<std::string, double> values;
  for (const LagrangeMultiplier& multiplier : multipliers_)
    values[multiplier.config().term] = multiplier.value();
  return values;
}

void Constraints::restore(const std::map<std::string, double>& multipliers) {
  require(multipliers.size() == multipliers_.size(), "the saved state has {} constraints, not {}",
          multipliers.size(), multipliers_.size());
  for (LagrangeMultiplier& multiplier : multipliers_) {
    const auto found = multipliers.find(multiplier.config().term);
    require(found != multipliers.end(), "the saved state has no constraint '{}'", multiplier.config().term);
    multiplier.set_value(found->second);
  }
}

}  // namespace pagewright
