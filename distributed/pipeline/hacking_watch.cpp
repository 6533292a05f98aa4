#include "distributed/pipeline/hacking_watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/config/section.hpp"
#include "core/metrics/mann_kendall.hpp"
#include "distributed/pipeline/reward_streams.hpp"

namespace pagewright {

namespace {

constexpr double kDisagreementGrowth = 1.5;
constexpr double kBeyondNoise = 5;  // standard errors
constexpr std::size_t kRecent = 3;  // measurements
constexpr const char* kWhatToDo =
    "serve the best checkpoint (by held-out reward), or train again with a larger ppo.kl_coefficient or a "
    "smaller "
    "ppo.kl_target; look at the weaknesses in rewards/card.md";

std::optional<double> finite_metric(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !std::isfinite(found->second)) return std::nullopt;
  return found->second;
}

std::span<const double> last_of(const std::vector<double>& values, int count) {
  return std::span(values).last(static_cast<std::size_t>(count));
}

/// By how much the later half of a window lies below the earlier.
double fall_of(std::span<const double> window) {
  const std::size_t half = window.size() / 2;
  double early = 0, late = 0;
  for (std::size_t i = 0; i < half; ++i) early += window[i], late += window[window.size() - 1 - i];
  return (early - late) / static_cast<double>(half);
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// By how many standard errors the mean of the newest measurements lies above the first. The variance is half
/// the mean squared successive difference of the last `window` (von Neumann 1941), which a slow trend hardly
/// touches.
double errors_above_start(const std::vector<double>& values, int window) {
  const auto last = last_of(values, window);
  double squares = 0;
  for (std::size_t i = 1; i < last.size(); ++i) squares += (last[i] - last[i - 1]) * (last[i] - last[i - 1]);
  const double variance = squares / (2 * static_cast<double>(last.size() - 1));
  const double rise = mean_of(last.last(kRecent)) - values.front();
  const double error = std::sqrt(variance * (1 + 1.0 / kRecent));
  if (error > 0) return rise / error;
  return rise == 0 ? 0 : std::copysign(INFINITY, rise);
}

}  // namespace

WatchConfig WatchConfig::from(const Section& section) {
  WatchConfig config;
  section.read("window", config.window, in_closed(4, 100).in_units("measurements"),
               "newest measurements on held-out feedback over which the reward must rise and the judge's "
               "fall; twice as "
               "many are looked at as well");
  section.read("level", config.level, in_open(0, 1),
               "probability that a measurement raises a false alarm of a trend, at most");
  section.read("fall", config.fall, in_closed(0, 1),
               "a fall of the judge's reward counts from this share of the range of all its measurements");
  section.read("kl_budget", config.kl_budget, at_least(0).in_units("nats per page"),
               "divergence from the warm-up above which an alarm is raised; 0: none");
  section.read(
      "clipped", config.clipped, in_closed(0, 1),
      "share of pages whose page score is cut at rewards.clip from which an alarm is raised, and the "
      "metric term.page.clipped written; 0: not measured");
  section.read("least_slots", config.least_slots, in_closed(0, 1),
               "share of the first iteration's slots a page below which an alarm is raised; 0: none");
  section.read("least_entropy", config.least_entropy, in_closed(0, 1),
               "share of the first iteration's entropy below which an alarm is raised; 0: none");
  section.read_enum(
      "on_alarm", config.on_alarm, {{"warn", OnAlarm::warn}, {"stop", OnAlarm::stop}},
      "warn: alarms are logged, kept and reported, and change nothing; stop: the run also ends at "
      "the next border of an iteration, with a checkpoint. `train --resume` goes on all the same");
  return config;
}

void HackingWatch::raise(const std::string& kind, std::int64_t iteration, std::string sentence,
                         std::string action) {
  if (!raised_.insert(kind).second) return;
  alarms_.push_back({kind, iteration, std::move(sentence), std::move(action),
                     config_.on_alarm == OnAlarm::stop && kind != "truth"});
}

void HackingWatch::watch_trend(const std::string& kind, const std::string& metric, const std::string& words,
                               std::int64_t iteration, const Metrics& metrics) {
  if (const auto reward = unscaled_reward(metrics)) {
    reward_sum_[kind] += *reward;
    count_[kind] += 1;
  }
  const auto measured = finite_metric(metrics, metric);
  if (!measured || count_[kind] == 0) return;
  Series& series = series_[kind];
  series.proxy.push_back(reward_sum_[kind] / count_[kind]);
  series.judged.push_back(*measured);
  reward_sum_[kind] = count_[kind] = 0;
  const auto measurements = static_cast<int>(series.judged.size());
  if (measurements < config_.window) return;
  for (const int length : {config_.window, std::min(2 * config_.window, measurements)}) {
    const auto proxy = last_of(series.proxy, length), judged = last_of(series.judged, length);
    const double rises = rising_p_value(proxy), falls = falling_p_value(judged);
    const auto [lowest, highest] = std::ranges::minmax_element(series.judged);
    const double fall = fall_of(judged);
    if (!(std::max(rises, falls) <= config_.level / 2 && fall > 0 &&
          fall >= config_.fall * (*highest - *lowest)))
      continue;
    raise(kind, iteration,
          fmt::format(
              "the reward that is learnt from rose from {:.3f} to {:.3f} over {} measurements, while {} "
              "fell from {:.3f} to {:.3f} (p = {:.4f} and {:.4f}): the policy exploits its reward",
              proxy.front(), proxy.back(), length, words, judged.front(), judged.back(), rises, falls),
          kWhatToDo);
  }
  watch_level(kind, words, iteration);
}

void HackingWatch::watch_level(const std::string& kind, const std::string& words, std::int64_t iteration) {
  const Series& series = series_.at(kind);
  const double rise = errors_above_start(series.proxy, config_.window),
               fall = -errors_above_start(series.judged, config_.window);
  if (std::min(rise, fall) < kBeyondNoise) return;
  const auto recent = [](const std::vector<double>& values) {
    return mean_of(std::span(values).last(kRecent));
  };
  raise(
      kind, iteration,
      fmt::format(
          "the reward that is learnt from is {:.3f}, {:.1f} standard errors above the start's {:.3f}, while "
          "{} is {:.3f}, {:.1f} standard errors below the start's {:.3f}: the policy exploits its reward",
          recent(series.proxy), rise, series.proxy.front(), words, recent(series.judged), fall,
          series.judged.front()),
      kWhatToDo);
}

void HackingWatch::watch_disagreement(std::int64_t iteration, const Metrics& metrics) {
  if (!metrics.contains("held_out_reward")) return;
  for (const auto& [name, value] : metrics) {
    if (!name.starts_with("term.") || !name.ends_with(".disagreement") || !std::isfinite(value)) continue;
    std::vector<double>& values = disagreement_[name];
    values.push_back(value);
    if (std::ssize(values) < config_.window) continue;
    const double rises = rising_p_value(last_of(values, config_.window));
    if (rises <= config_.level && value > kDisagreementGrowth * values.front())
      raise(
          "disagreement", iteration,
          fmt::format("the models of the ensemble disagree more and more ({} rose from {:.3f} to {:.3f}, p = "
                      "{:.4f}): pages are composed that the feedback says little about",
                      name, values.front(), value, rises),
          "raise ppo.kl_coefficient, weigh rewards by their uncertainty, or log such pages and fit again");
  }
}

void HackingWatch::watch_collapse(const std::string& metric, double least, const std::string& words,
                                  const std::string& action, std::int64_t iteration, const Metrics& metrics) {
  const auto value = finite_metric(metrics, metric);
  if (!value) return;
  const double first = first_.try_emplace(metric, *value).first->second;
  if (least > 0 && *value < least * first)
    raise(metric, iteration,
          fmt::format("{} fell from {:.3f} to {:.3f}, below {:.0f} % of the first iteration", words, first,
                      *value, 100 * least),
          action);
}

void HackingWatch::watch_thresholds(std::int64_t iteration, const Metrics& metrics) {
  const auto kl = finite_metric(metrics, "kl_per_page");
  if (config_.kl_budget > 0 && kl && *kl > config_.kl_budget)
    raise("kl_budget", iteration,
          fmt::format("the policy is {:.2f} nats a page from the warm-up, above the budget of {:.2f}", *kl,
                      config_.kl_budget),
          "raise ppo.kl_coefficient, lower ppo.kl_target, or let ppo.kl_hard_stop end the run");
  const auto clipped = finite_metric(metrics, "term.page.clipped");
  if (config_.clipped > 0 && clipped && *clipped >= config_.clipped)
    raise("clipped", iteration,
          fmt::format(
              "the page model's score is cut at rewards.clip for {:.1f} % of the pages: far beyond what "
              "it was fitted to, and better pages earn no more",
              100 * *clipped),
          "raise ppo.kl_coefficient; a larger rewards.clip only hides it");
  watch_collapse(
      "slots", config_.least_slots, "the slots of a page",
      "see whether the reward pays for short pages: rewards.terms, invalid, min_slots of the schema",
      iteration, metrics);
  watch_collapse("entropy", config_.least_entropy, "the entropy of the choices",
                 "raise ppo.entropy_coefficient or ppo.kl_coefficient; nearly the same page for everybody "
                 "teaches nothing new",
                 iteration, metrics);
}

std::vector<Alarm> HackingWatch::observe(std::int64_t iteration, const Metrics& metrics) {
  const std::size_t before = alarms_.size();
  watch_trend("judge", "held_out_reward", "the held-out judge's", iteration, metrics);
  watch_trend("truth", "true_utility", "the true worth of a page", iteration, metrics);
  watch_disagreement(iteration, metrics);
  watch_thresholds(iteration, metrics);
  return {alarms_.begin() + static_cast<std::ptrdiff_t>(before), alarms_.end()};
}

}  // namespace pagewright
