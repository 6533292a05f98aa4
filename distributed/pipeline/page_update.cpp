#include "distributed/pipeline/page_update.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/empty.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "distributed/pipeline/page_loss.hpp"
#include "distributed/topology.hpp"

namespace pagewright {
namespace {

using LaneRequests = std::vector<std::span<const LearningRequest* const>>;

/// Of a mini-batch on this rank.
struct OwnCounts {
  double tokens = 0, pages = 0, packed = 0, unshared = 0, micro_batches = 0;
};

OwnCounts count_mini_batch(const LaneRequests& lanes, const std::vector<MicroBatchCut>& cuts) {
  OwnCounts counts;
  for (const auto& lane : lanes)
    for (const LearningRequest* request : lane) {
      for (const LearningPage& page : request->pages)
        counts.tokens += static_cast<double>(page.trajectory.tokens.size());
      counts.pages += static_cast<double>(request->pages.size());
      counts.packed += static_cast<double>(packed_tokens(*request));
      counts.unshared += static_cast<double>(unshared_tokens(*request));
    }
  for (const MicroBatchCut& cut : cuts) counts.micro_batches += cut.count();
  return counts;
}

/// Combines numbers of all learners in place; whole numbers are added without rounding.
void combine_doubles(std::vector<double>& values, Communicator& learners, ReduceOp op) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::ranges::copy(values, tensor.mutable_data_ptr<double>());
  learners.all_reduce(tensor, op)->wait();
  std::copy_n(tensor.const_data_ptr<double>(), values.size(), values.begin());
}

/// What the optimizer steps of one network add up to.
struct StepTotals {
  LaneSums sums;
  double grad_norm = 0, learning_rate = 0, steps = 0, skipped = 0;

  void add(const StepReport& report) {
    for (const auto& [name, value] : report.sums) sums[name] += value;
    grad_norm += report.grad_norm;
    learning_rate = report.learning_rate;
    skipped += report.skipped ? 1 : 0;
    steps += 1;
  }
  double per_step(const char* name) const { return sums.at(name) / steps; }
  double share(const char* name, const char* of) const { return sums.at(name) / sums.at(of); }
};

void add_policy_metrics(const StepTotals& totals, const StepReport& first,
                        const std::vector<double>& deviations, Metrics& metrics) {
  metrics["policy_loss"] = totals.per_step("policy_loss");
  metrics["entropy"] = totals.share("entropy", "tokens");
  metrics["clip_fraction"] = totals.share("clipped", "tokens");
  metrics["approximate_kl"] = totals.share("old_minus_new", "tokens");
  metrics["ratio_max_deviation"] = *std::ranges::max_element(deviations);
  metrics["first_ratio_deviation"] = deviations.front();
  metrics["first_clip_fraction"] = first.sums.at("clipped") / first.sums.at("tokens");
  metrics["grad_norm"] = totals.grad_norm / totals.steps;
  metrics["learning_rate"] = totals.learning_rate;
}

void add_value_metrics(const StepTotals& totals, Metrics& metrics) {
  metrics["value_loss"] = totals.per_step("value_loss");
  metrics["value_clip_fraction"] = totals.share("value_clipped", "value_tokens");
}

}  // namespace

/// The steps of an iteration on this rank.
struct PageUpdate::Steps {
  const Experience& experience;
  std::vector<StepReport> policy, critic;
  std::vector<double> deviations;   ///< [policy steps], of this rank's lanes and then of all
  std::vector<std::int64_t> pages;  ///< [lanes of this rank] pages of all passes
  explicit Steps(const Experience& all) : experience(all), pages(all.lanes.size(), 0) {}

  std::size_t index_of(int lane) const {
    return static_cast<std::size_t>(std::ranges::find(experience.lanes, lane) - experience.lanes.begin());
  }
  /// What goes through a loss, on the lane's thread.
  void count(int lane, std::span<const LearningRequest* const> requests) {
    for (const LearningRequest* request : requests) pages[index_of(lane)] += std::ssize(request->pages);
  }
};

PageUpdate::PageUpdate(const PpoConfig& config, const PageLanguage& language, Trainer& trainer,
                       std::uint64_t seed, Trainer* critic)
    : config_(config), language_(language), trainer_(trainer), critic_(critic), seed_(seed) {
  require(trainer.lanes() == config.lanes, "the trainer has {} lanes, the configuration {}", trainer.lanes(),
          config.lanes);
  requests_per_lane_and_mini_batch(config.requests, config.lanes, config.mini_batches);
}

void PageUpdate::Packing::add_to(Metrics& metrics, int passes) const {
  metrics["packed_tokens"] = packed / passes;
  metrics["unshared_tokens"] = unshared / passes;
  metrics["micro_batches"] = micro_batches / passes;
  metrics["largest_micro_batch"] = largest;
}

PageUpdate::Passes PageUpdate::shuffled_passes(const Experience& experience, std::uint64_t iteration) const {
  Passes passes(static_cast<std::size_t>(config_.epochs));
  for (std::size_t pass = 0; pass < passes.size(); ++pass)
    for (std::size_t lane = 0; lane < experience.lanes.size(); ++lane) {
      auto& requests = passes[pass].emplace_back();
      for (const LearningRequest& request : experience.lane(lane)) requests.push_back(&request);
      CounterRandom(seed_, RandomStream::shuffle, iteration,
                    static_cast<std::uint64_t>(experience.lanes[lane]), static_cast<std::uint64_t>(pass))
          .shuffle(std::span(requests));
    }
  return passes;
}

std::vector<PageUpdate::MiniBatch> PageUpdate::mini_batches(const Passes& passes, Packing& packing) const {
  std::vector<MiniBatch> batches;
  std::vector<double> counts;  // [mini-batches][5]
  for (const auto& pass : passes)
    for (int number = 0; number < config_.mini_batches; ++number) {
      MiniBatch& batch = batches.emplace_back();
      for (const auto& lane : pass) {
        const std::size_t share = lane.size() / static_cast<std::size_t>(config_.mini_batches);
        batch.lanes.push_back(std::span(lane).subspan(static_cast<std::size_t>(number) * share, share));
        batch.cuts.push_back(cut_micro_batches(config_, batch.lanes.back()));
        batch.micro_batches = std::max(batch.micro_batches, batch.cuts.back().count());
        packing.largest = std::max(packing.largest, static_cast<double>(batch.cuts.back().largest));
      }
      const OwnCounts own = count_mini_batch(batch.lanes, batch.cuts);
      counts.insert(counts.end(), {own.tokens, own.pages, own.packed, own.unshared, own.micro_batches});
    }
  combine_doubles(counts, trainer_.learner_lanes().learners(), ReduceOp::sum);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto of_batch = std::span(counts).subspan(5 * i, 5);
    batches[i].counts.tokens = of_batch[0];
    batches[i].counts.sequences = of_batch[1];
    batches[i].counts.length_constant = language_.schema().max_response_tokens();
    packing.packed += of_batch[2];
    packing.unshared += of_batch[3];
    packing.micro_batches += of_batch[4];
  }
  agree_on_micro_batches(batches);
  return batches;
}

/// Lanes that have fewer have nothing to differentiate in the last ones. Equal numbers of requests make
/// equally many, so that only a bound of positions needs an exchange.
void PageUpdate::agree_on_micro_batches(std::vector<MiniBatch>& batches) const {
  if (config_.micro_batch_tokens == 0) return;
  std::vector<double> most;
  for (const MiniBatch& batch : batches) most.push_back(batch.micro_batches);
  combine_doubles(most, trainer_.learner_lanes().learners(), ReduceOp::max);
  for (std::size_t i = 0; i < batches.size(); ++i) batches[i].micro_batches = static_cast<int>(most[i]);
}

bool PageUpdate::critic_warms_up() const {
  return critic_ && critic_->parameters().step() < config_.critic_warmup;
}

void PageUpdate::step_policy(const MiniBatch& batch, double kl_coefficient, Steps& steps) {
  std::vector<double> of_lanes(static_cast<std::size_t>(config_.lanes), 0.0);
  const LossFunction loss = [&](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
    const auto requests = batch.part(steps.index_of(lane), micro_batch);
    if (requests.empty()) return at::Tensor();
    steps.count(lane, requests);
    return page_loss(config_, kl_coefficient, weights, language_.vocabulary(), requests, batch.counts, sums,
                     of_lanes[static_cast<std::size_t>(lane)]);
  };
  steps.policy.push_back(trainer_.step(loss, batch.micro_batches));
  steps.deviations.push_back(*std::ranges::max_element(of_lanes));
}

void PageUpdate::step_critic(const MiniBatch& batch, bool alone, Steps& steps) {
  const LossFunction loss = [&](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
    const auto requests = batch.part(steps.index_of(lane), micro_batch);
    if (requests.empty()) return at::Tensor();
    if (alone) steps.count(lane, requests);
    return critic_loss(config_, weights, language_.vocabulary(), requests, batch.counts, sums);
  };
  steps.critic.push_back(critic_->step(loss, batch.micro_batches));
}

PageUpdateReport PageUpdate::run(const Experience& experience, std::uint64_t iteration, double kl_coefficient,
                                 const std::function<void()>& between) {
  const Passes passes = shuffled_passes(experience, iteration);
  Steps steps(experience);
  Packing packing;
  for (const MiniBatch& batch : mini_batches(passes, packing)) {
    const bool warm_up = critic_warms_up();
    if (!warm_up) step_policy(batch, kl_coefficient, steps);
    if (critic_) step_critic(batch, warm_up, steps);
    if (between) between();
  }
  trainer_.gather_parameters();
  if (critic_) critic_->gather_parameters();
  return report(std::move(steps), packing);
}

PageUpdateReport PageUpdate::report(Steps steps, Packing packing) const {
  StepTotals policy, critic;
  for (const StepReport& step : steps.policy) policy.add(step);
  for (const StepReport& step : steps.critic) critic.add(step);
  std::vector<double> largest = steps.deviations;  // and positions; of this rank's lanes and then of all
  largest.push_back(packing.largest);
  combine_doubles(largest, trainer_.learner_lanes().learners(), ReduceOp::max);
  packing.largest = largest.back();
  largest.pop_back();
  Metrics metrics{{"skipped_steps", policy.skipped + critic.skipped}, {"pages_learnt", 0}};  // by the policy
  if (!steps.policy.empty()) {
    add_policy_metrics(policy, steps.policy.front(), largest, metrics);
    metrics["pages_learnt"] = policy.sums.at("pages") / config_.epochs;
  }
  add_value_metrics(critic_ ? critic : policy, metrics);
  if (critic_) {
    metrics["critic_grad_norm"] = critic.grad_norm / critic.steps;
    metrics["critic_learning_rate"] = critic.learning_rate;
  }
  packing.add_to(metrics, config_.epochs);
  for (std::int64_t& lane : steps.pages) {
    require(lane % config_.epochs == 0, "{} pages of a lane in {} equal passes", lane, config_.epochs);
    lane /= config_.epochs;
  }
  return {std::move(metrics), std::move(steps.pages)};
}

}  // namespace pagewright
