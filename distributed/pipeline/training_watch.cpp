#include "distributed/pipeline/training_watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace pagewright {
namespace {

constexpr std::size_t kWatchCriticWindow = 10;  // iterations a critic gets to explain something
constexpr double kWatchExplained = 0.02;
constexpr double kWatchRatioTolerance = 1e-6;
constexpr double kWatchBehaviour = 0.05;  // mean |ratio - 1| of tokens before the first step

double watch_metric(const Metrics& metrics, const char* name, double otherwise = 0) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? otherwise : found->second;
}

}  // namespace

void TrainingWatch::check(bool trouble, const std::string& name, std::string text,
                          std::vector<std::string>& warnings) {
  if (!trouble) {
    present_.erase(name);
  } else if (present_.insert(name).second) {
    warnings.push_back(std::move(text));
  }
}

/// Metrics term.NAME.fallback, and term.NAME.multiplier beside term.NAME.violation.
void TrainingWatch::check_terms_of(std::int64_t iteration, const Metrics& metrics,
                                   std::vector<std::string>& warnings) {
  for (const auto& [metric, value] : metrics) {
    if (!metric.starts_with("term.")) continue;
    const std::size_t dot = metric.rfind('.');
    const std::string name = metric.substr(0, dot).substr(std::min(dot, std::size_t{5}));
    if (metric.ends_with(".fallback"))
      check(value > 0, metric,
            fmt::format(
                "iteration {}: reward term '{}' answered nothing usable for {:.1f} % of the pages, which "
                "got its fallback; the log of the ranks that score says why",
                iteration, name, 100 * value),
            warnings);
    if (!metric.ends_with(".multiplier")) continue;
    const auto before = multipliers_.find(metric);
    const bool stuck = before != multipliers_.end() && value > 0 && before->second == value &&
                       watch_metric(metrics, (metric.substr(0, dot) + ".violation").c_str()) > 0;
    check(stuck, metric,
          fmt::format(
              "iteration {}: constraint '{}' is broken by {:.3f} and its multiplier {:.3g} rises no more; "
              "raise max_multiplier, choose a limit that pages can keep, or let the prompt show what it is "
              "about",
              iteration, name, watch_metric(metrics, (metric.substr(0, dot) + ".violation").c_str()), value),
          warnings);
    multipliers_[metric] = value;
  }
}

std::vector<std::string> TrainingWatch::observe(std::int64_t iteration, const Metrics& metrics) {
  std::vector<std::string> warnings;
  const double kl = watch_metric(metrics, "kl_per_page");
  check(watch_metric(metrics, "reward_deviation", 1) < 1e-9, "dead",
        fmt::format("iteration {}: a dead batch: every page got the same reward, so nothing can be learnt "
                    "from it; look "
                    "at the reward terms and their weights",
                    iteration),
        warnings);
  check(
      !(kl <= kl_alarm_), "kl",
      fmt::format(
          "iteration {}: the divergence explodes: {:.2f} nats per page, above {:.2f}; the policy leaves what "
          "the rewards were trained on. Raise kl_coefficient, or take kl: adaptive with a kl_hard_stop",
          iteration, kl, kl_alarm_),
      warnings);

  explained_.push_back(watch_metric(metrics, "explained_variance", 1));
  const std::size_t window = std::min(explained_.size(), kWatchCriticWindow);
  const double best =
      *std::max_element(explained_.end() - static_cast<std::ptrdiff_t>(window), explained_.end());
  check(window == kWatchCriticWindow && !(best > kWatchExplained), "critic",
        fmt::format(
            "iteration {}: the critic explains nothing: at most {:.0f} % of the variance of returns in {} "
            "iterations; raise value_coefficient or the learning rate",
            iteration, 100 * std::max(0.0, best), kWatchCriticWindow),
        warnings);
  const double ratio = watch_metric(metrics, "first_ratio_deviation");
  check(ratio > kWatchRatioTolerance, "ratio",
        fmt::format(
            "iteration {}: before the first step the probability ratio differs from 1 by {:.1e}: old and new "
            "log-probs are not of the same evaluation",
            iteration, ratio),
        warnings);
  const double behaviour = watch_metric(metrics, "behaviour_ratio_deviation");
  check(
      behaviour > kWatchBehaviour, "behaviour",
      fmt::format(
          "iteration {}: probabilities in generation and in learning differ by {:.1e} on average: pages are "
          "learnt as if another policy had made them. Let both run in the same precision",
          iteration, behaviour),
      warnings);
  check(watch_metric(metrics, "skipped_steps") > 0, "skipped",
        fmt::format(
            "iteration {}: {:.0f} optimizer steps were skipped because their gradient was not finite; lower "
            "the learning rate",
            iteration, watch_metric(metrics, "skipped_steps")),
        warnings);
  check_terms_of(iteration, metrics, warnings);
  return warnings;
}

}  // namespace pagewright
