#include "distributed/pipeline/page_credit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"
#include "core/rl/advantage.hpp"
#include "core/rl/importance.hpp"
#include "core/rl/kl.hpp"
#include "core/rl/potential_shaping.hpp"
#include "core/rl/whiten.hpp"
#include "distributed/lane_tree.hpp"

namespace pagewright {
namespace {

std::vector<double> credit_doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}
std::vector<float> credit_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// Of the weights of stale pages in the measured divergence, to which the tokens that became likelier add
/// most: cut as low as in the loss, they would hide it. It only keeps a single token from deciding alone.
constexpr double kKlImportanceCap = 100;

constexpr const char* kBehaviourRatio = "behaviour_ratio_deviation";

/// What one lane's pages add up to.
struct LaneCredit {
  Moments advantages;  ///< of tokens
  Moments returns;     ///< of tokens
  Moments errors;      ///< returns - old values, of tokens
  Moments rewards;     ///< of pages
  Moments kl;          ///< nats, of pages
  double drift = 0;
  ImportanceStatistics importance;
  LaneSums sums;  ///< per page

  std::string bytes() const {
    ByteWriter writer;
    for (const Moments& part : {advantages, returns, errors, rewards, kl}) writer.value(part);
    writer.value(drift);
    writer.value(importance);
    write_sums(sums, writer);
    return writer.take();
  }
  static LaneCredit from(std::string_view bytes) {
    ByteReader reader(bytes, "what a lane's pages add up to");
    LaneCredit lane;
    for (Moments* part : {&lane.advantages, &lane.returns, &lane.errors, &lane.rewards, &lane.kl})
      *part = reader.value<Moments>();
    lane.drift = reader.value<double>();
    lane.importance = reader.value<ImportanceStatistics>();
    lane.sums = read_sums(reader);
    reader.finish();
    return lane;
  }
};

/// What every lane's pages add up to, from those of this rank's lanes.
std::vector<LaneCredit> credit_of_all(const std::vector<LaneCredit>& own, const LearnerLanes& lanes) {
  std::vector<std::string> bytes;
  for (const LaneCredit& lane : own) bytes.push_back(lane.bytes());
  std::vector<LaneCredit> all;
  for (const std::string& lane : lanes.exchange(bytes)) all.push_back(LaneCredit::from(lane));
  return all;
}

void add_page_sums(const LearningPage& page, LaneCredit& lane) {
  const Score& score = page.score;
  lane.sums["page_reward"] += score.page_reward;
  for (const float slot : score.slot_rewards) lane.sums["item_reward"] += slot;
  lane.sums["format_reward"] += score.format_reward;
  lane.sums["valid"] += score.invalid_cause.empty() ? 1 : 0;
  lane.sums["slots"] += static_cast<double>(page.trajectory.spans.slots.size());
  lane.sums["tokens"] += static_cast<double>(page.trajectory.tokens.size());
  for (const TermScore& term : score.terms) {
    double raw = term.page_raw;
    for (const float slot : term.slots_raw) raw += slot;
    lane.sums["term." + term.name] += raw;
    for (const auto& [figure, value] : term.figures) lane.sums["term." + term.name + "." + figure] += value;
  }
}

/// Pages that break the schema have no potential: they earn what they earn.
void add_shaping(const PpoConfig& config, const LearningPage& page, std::vector<double>& rewards) {
  if (!page.score.invalid_cause.empty()) return;
  const auto& terms = page.score.terms;
  const auto term = std::ranges::find(terms, kPotentialTerm, &TermScore::name);
  require(term != terms.end(), "ppo.shaping: no reward term says what slots add to the potential");
  const std::vector<double> shaping =
      shaping_rewards(page.trajectory, credit_doubles(term->slots_raw), config.gamma);
  for (std::size_t t = 0; t < rewards.size(); ++t) rewards[t] += config.shaping * shaping[t];
}

void credit_page(const PpoConfig& config, double kl_coefficient, LearningPage& page, LaneCredit& lane) {
  const auto log_probs = credit_doubles(page.old_log_probs),
             reference = credit_doubles(page.reference_log_probs);
  const auto values = credit_doubles(page.old_values);
  page.importance = importance_weights(page.old_log_probs, page.trajectory.log_probs, config.importance_cap);
  lane.importance.add(page.importance, config.importance_cap);
  const auto kl_weights = importance_weights(page.old_log_probs, page.trajectory.log_probs, kKlImportanceCap);
  double page_kl = 0;
  for (std::size_t t = 0; t < log_probs.size(); ++t) {
    page_kl += kl_weights[t] * (log_probs[t] - reference[t]);
    const double drift = log_probs[t] - page.trajectory.log_probs[t];
    lane.drift = std::max(lane.drift, std::abs(drift));
    if (config.narrow) lane.sums[kBehaviourRatio] += std::abs(std::expm1(drift));
  }
  const auto kl = config.kl_in == KlPlace::reward ? kl_terms(config.kl_estimator, log_probs, reference)
                                                  : std::vector<double>{};
  auto rewards = token_rewards(page.trajectory, page.score, config.credit, kl_coefficient, kl);
  if (config.shaping > 0) add_shaping(config, page, rewards);
  const Advantages result = generalised_advantages(rewards, values, config.gamma, config.lambda);
  page.advantages = credit_floats(result.advantage);
  page.returns = credit_floats(result.returns);
  page.total_reward = 0;
  for (const double reward : token_rewards(page.trajectory, page.score, config.credit))
    page.total_reward += reward;

  lane.advantages.merge(Moments::of(result.advantage));
  lane.returns.merge(Moments::of(result.returns));
  for (std::size_t t = 0; t < values.size(); ++t) lane.errors.add(result.returns[t] - values[t]);
  lane.rewards.add(page.total_reward);
  lane.kl.add(page_kl);
  add_page_sums(page, lane);
}

void whiten_pages(const Moments& moments, Experience& experience) {
  for (LearningRequest& request : experience.requests)
    for (LearningPage& page : request.pages) {
      std::vector<double> advantages = credit_doubles(page.advantages);
      whiten(advantages, moments);
      page.advantages = credit_floats(advantages);
    }
}

Moments merged(const std::vector<LaneCredit>& lanes, Moments LaneCredit::*member) {
  std::vector<Moments> parts;
  for (const LaneCredit& lane : lanes) parts.push_back(lane.*member);
  return merge_lanes(parts);
}

void add_importance(const std::vector<LaneCredit>& lanes, Metrics& metrics) {
  std::vector<LaneSums> sums;
  for (const LaneCredit& lane : lanes)
    sums.push_back({{"tokens", lane.importance.tokens},
                    {"sum", lane.importance.sum},
                    {"squares", lane.importance.sum_of_squares},
                    {"truncated", lane.importance.truncated}});
  const LaneSums all = add_lanes(std::span<const LaneSums>(sums));
  const ImportanceStatistics total{all.at("tokens"), all.at("sum"), all.at("squares"), all.at("truncated")};
  metrics["importance_mean"] = total.mean();
  metrics["importance_effective_share"] = total.effective_share();
  metrics["importance_truncated"] = total.truncated / total.tokens;
}

}  // namespace

Metrics assign_credit(const PpoConfig& config, double kl_coefficient, Experience& experience,
                      const LearnerLanes& learner_lanes) {
  std::vector<LaneCredit> own(experience.lanes.size());
  for (std::size_t lane = 0; lane < own.size(); ++lane)
    for (LearningRequest& request : experience.lane(lane))
      for (LearningPage& page : request.pages) credit_page(config, kl_coefficient, page, own[lane]);
  const std::vector<LaneCredit> lanes = credit_of_all(own, learner_lanes);
  if (config.whiten) whiten_pages(merged(lanes, &LaneCredit::advantages), experience);

  std::vector<LaneSums> sums;
  double drift = 0;
  for (const LaneCredit& lane : lanes) {
    sums.push_back(lane.sums);
    drift = std::max(drift, lane.drift);
  }
  const Moments rewards = merged(lanes, &LaneCredit::rewards), returns = merged(lanes, &LaneCredit::returns);
  const double pages = rewards.count;
  Metrics metrics{{"pages_drawn", pages}};
  for (const auto& [name, sum] : add_lanes(std::span<const LaneSums>(sums))) metrics[name] = sum / pages;
  metrics["tokens"] *= pages;
  if (config.narrow) metrics[kBehaviourRatio] *= pages / metrics["tokens"];
  metrics["reward"] = rewards.mean;
  metrics["reward_deviation"] = std::sqrt(rewards.variance());
  metrics["kl_per_page"] = merged(lanes, &LaneCredit::kl).mean;
  metrics["behaviour_drift"] = drift;
  if (config.max_staleness > 0) add_importance(lanes, metrics);
  metrics["explained_variance"] =
      returns.variance() > 0 ? 1 - merged(lanes, &LaneCredit::errors).variance() / returns.variance() : 0;
  return metrics;
}

}  // namespace pagewright
