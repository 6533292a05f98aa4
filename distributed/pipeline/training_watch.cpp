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
constexpr double kWatchBehaviour = 0.05;       // mean |ratio - 1| of tokens before the first step
constexpr std::size_t kWatchRewardPoints = 4;  // held-out measurements that make a trend

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

/// Whether the later half of the last measurements is better than the earlier by the proxy and worse by the
/// held-out reward.
bool TrainingWatch::rewards_part() const {
  if (points_.size() < kWatchRewardPoints) return false;
  const auto mean = [&](std::size_t begin, double Point::*member) {
    double sum = 0;
    for (std::size_t i = begin; i < begin + kWatchRewardPoints / 2; ++i) sum += points_[i].*member;
    return sum / static_cast<double>(kWatchRewardPoints / 2);
  };
  const std::size_t late = points_.size() - kWatchRewardPoints / 2,
                    early = points_.size() - kWatchRewardPoints;
  // A judge is noisy: a fall counts once it is a quarter of all that its reward has moved so far.
  const auto [lowest, highest] = std::minmax_element(
      points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.held_out < b.held_out; });
  const double fall = mean(early, &Point::held_out) - mean(late, &Point::held_out);
  return mean(late, &Point::proxy) > mean(early, &Point::proxy) &&
         fall > 0.25 * (highest->held_out - lowest->held_out);
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

std::vector<std::string> TrainingWatch::observe(std::int64_t iteration, const Metrics& metrics,
                                                std::optional<double> held_out_reward) {
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
  if (held_out_reward) points_.push_back({iteration, watch_metric(metrics, "reward"), *held_out_reward});
  check(rewards_part(), "rewards",
        fmt::format(
            "iteration {}: the proxy reward rises while the held-out reward falls: the policy exploits the "
            "reward model; stop earlier or raise kl_coefficient",
            iteration),
        warnings);
  return warnings;
}

}  // namespace pagewright
