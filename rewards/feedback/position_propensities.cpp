#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "core/numerics/isotonic.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {
namespace {

/// Clicks and impressions by slot.
struct SlotRates {
  std::vector<double> clicks, impressions;  // [slots]
};

/// Non-increasing click rates of least weighted squared error.
std::vector<double> falling_rates(const SlotRates& slots) {
  std::vector<double> clicks(slots.clicks.rbegin(), slots.clicks.rend());
  std::vector<double> impressions(slots.impressions.rbegin(), slots.impressions.rend());
  const std::vector<double> rising = isotonic_means(clicks, impressions);
  return {rising.rbegin(), rising.rend()};
}

/// Within [0.01, 1].
std::vector<double> bounded_propensities(std::vector<double> by_slot) {
  constexpr double kLowest = 0.01;
  for (double& propensity : by_slot) propensity = std::clamp(propensity, kLowest, 1.0);
  return by_slot;
}

}  // namespace

PositionPropensities::PositionPropensities(std::vector<double> by_slot, double max_weight)
    : by_slot_(std::move(by_slot)), max_weight_(max_weight) {
  require(!by_slot_.empty(), "position propensities: none are given");
  for (const double propensity : by_slot_)
    require(propensity > 0 && propensity <= 1, "position propensities: {} is not in (0, 1]", propensity);
}

double PositionPropensities::at(int slot) const {
  return by_slot_[std::min(static_cast<std::size_t>(slot), by_slot_.size() - 1)];
}

double PositionPropensities::inverse(int slot) const {
  return std::min(1 / at(slot), max_weight_);
}

std::vector<double> power_law_propensities(int slots, double eta) {
  std::vector<double> propensities;
  for (int k = 0; k < slots; ++k) propensities.push_back(std::pow(k + 1.0, -eta));
  return propensities;
}

std::vector<double> estimate_propensities(const FeedbackLog& log, const std::string& policy, bool revisits) {
  constexpr double kFewestClicks = 100;
  SlotRates slots;
  double clicks = 0;
  for (const LoggedPage& page : log.pages) {
    const bool train = log.requests[static_cast<std::size_t>(page.request)].split == Split::train;
    if (!train || page.policy_id != policy || (page.revisit_of && !revisits)) continue;
    const std::vector<SlotFeedback> feedback = slot_feedback(page);
    if (feedback.size() > slots.clicks.size()) {
      slots.clicks.resize(feedback.size());
      slots.impressions.resize(feedback.size());
    }
    for (std::size_t k = 0; k < feedback.size(); ++k) {
      const bool clicked = feedback[k].clicked();
      slots.impressions[k] += 1;
      slots.clicks[k] += clicked;
      clicks += clicked;
    }
  }
  require(clicks >= kFewestClicks,
          "gains: the training pages of policy '{}' have {} clicks, too few to estimate position "
          "propensities; set "
          "uniform_policy to the policy_id of uniformly random pages, or use propensities: power",
          policy, clicks);
  std::vector<double> propensities = falling_rates(slots);
  const double first = propensities.front();
  for (double& propensity : propensities) propensity /= first;
  return bounded_propensities(std::move(propensities));
}

PositionPropensities position_propensities(const GainConfig& config, const FeedbackLog& log,
                                           const std::filesystem::path& clicks) {
  int slots = 1;
  for (const LoggedPage& page : log.pages) slots = std::max(slots, page.page.slot_count());
  switch (config.propensities) {
    case PropensitySource::none:
      return {{1.0}, config.max_weight};
    case PropensitySource::power:
      return {power_law_propensities(slots, config.eta), config.max_weight};
    case PropensitySource::given:
      return {config.given_propensities, config.max_weight};
    case PropensitySource::uniform_pages:
      return {estimate_propensities(log, config.uniform_policy, config.revisits), config.max_weight};
    case PropensitySource::click_model:
      require(!clicks.empty(), "gains: propensities: click_model needs the run in which `fit-clicks` ran");
      return {bounded_propensities(read_click_examination(clicks, config.click_model)), config.max_weight};
    case PropensitySource::logged:
      fail("gains: propensities: logged are of pages and not of positions");
  }
  fail("gains: unknown source of propensities {}", static_cast<int>(config.propensities));
}

}  // namespace pagewright
