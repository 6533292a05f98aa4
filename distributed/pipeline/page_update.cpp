#include "distributed/pipeline/page_update.hpp"

#include <algorithm>
#include <cstddef>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "distributed/pipeline/page_loss.hpp"
#include "distributed/topology.hpp"

namespace pagewright {
namespace {

using LaneRequests = std::vector<std::vector<const LearningRequest*>>;

GlobalCounts count_mini_batch(const LaneRequests& lanes, std::size_t begin, std::size_t share,
                              double longest_page) {
  GlobalCounts counts;
  for (const auto& lane : lanes)
    for (const LearningRequest* request : std::span(lane).subspan(begin, share))
      for (const LearningPage& page : request->pages) {
        counts.tokens += static_cast<double>(page.trajectory.tokens.size());
        counts.sequences += 1;
      }
  counts.length_constant = longest_page;
  return counts;
}

/// What the optimizer steps of an iteration add up to.
struct UpdateTotals {
  LaneSums sums;
  double ratio_deviation = 0, grad_norm = 0, learning_rate = 0, steps = 0, skipped = 0;
  double first_ratio_deviation = 0, first_clip_fraction = 0;

  void add(const StepReport& report, double step_deviation) {
    if (steps == 0) {
      first_ratio_deviation = step_deviation;
      first_clip_fraction = report.sums.at("clipped") / report.sums.at("tokens");
    }
    for (const auto& [name, value] : report.sums) sums[name] += value;
    ratio_deviation = std::max(ratio_deviation, step_deviation);
    grad_norm += report.grad_norm;
    learning_rate = report.learning_rate;
    skipped += report.skipped ? 1 : 0;
    steps += 1;
  }

  Metrics metrics(int passes) const {
    const double tokens = sums.at("tokens");
    return {{"policy_loss", sums.at("policy_loss") / steps},
            {"value_loss", sums.at("value_loss") / steps},
            {"entropy", sums.at("entropy") / tokens},
            {"clip_fraction", sums.at("clipped") / tokens},
            {"value_clip_fraction", sums.at("value_clipped") / tokens},
            {"approximate_kl", sums.at("old_minus_new") / tokens},
            {"ratio_max_deviation", ratio_deviation},
            {"first_ratio_deviation", first_ratio_deviation},
            {"first_clip_fraction", first_clip_fraction},
            {"grad_norm", grad_norm / steps},
            {"learning_rate", learning_rate},
            {"skipped_steps", skipped},
            {"pages_learnt", sums.at("pages") / passes}};
  }
};

}  // namespace

PageUpdate::PageUpdate(const PpoConfig& config, const PageLanguage& language, Trainer& trainer,
                       std::uint64_t seed)
    : config_(config), language_(language), trainer_(trainer), seed_(seed) {
  require(trainer.lanes() == config.lanes, "the trainer has {} lanes, the configuration {}", trainer.lanes(),
          config.lanes);
  Topology(1, config.lanes).requests_per_lane_and_mini_batch(config.requests, config.mini_batches);
}

LaneRequests PageUpdate::shuffled_lanes(const Experience& experience, std::uint64_t iteration,
                                        int pass) const {
  LaneRequests lanes(static_cast<std::size_t>(experience.lanes));
  for (int lane = 0; lane < experience.lanes; ++lane) {
    auto& requests = lanes[static_cast<std::size_t>(lane)];
    for (const LearningRequest& request : experience.lane(lane)) requests.push_back(&request);
    CounterRandom(seed_, RandomStream::shuffle, iteration, static_cast<std::uint64_t>(lane),
                  static_cast<std::uint64_t>(pass))
        .shuffle(std::span(requests));
  }
  return lanes;
}

Metrics PageUpdate::run(const Experience& experience, std::uint64_t iteration, double kl_coefficient) {
  UpdateTotals totals;
  for (int pass = 0; pass < config_.epochs; ++pass) {
    const LaneRequests lanes = shuffled_lanes(experience, iteration, pass);
    const std::size_t share = lanes.front().size() / static_cast<std::size_t>(config_.mini_batches);
    for (int mini_batch = 0; mini_batch < config_.mini_batches; ++mini_batch) {
      const std::size_t begin = static_cast<std::size_t>(mini_batch) * share;
      const GlobalCounts counts =
          count_mini_batch(lanes, begin, share, language_.schema().max_response_tokens());
      std::vector<double> deviations(lanes.size(), 0.0);
      const LossFunction loss = [&](const WeightsView& weights, int lane, int, LaneSums& sums) {
        const auto index = static_cast<std::size_t>(lane);
        return page_loss(config_, kl_coefficient, weights, language_.vocabulary(),
                         std::span(lanes[index]).subspan(begin, share), counts, sums, deviations[index]);
      };
      const StepReport report = trainer_.step(loss, /*micro_batches=*/1);
      totals.add(report, *std::ranges::max_element(deviations));
    }
  }
  return totals.metrics(config_.epochs);
}

}  // namespace pagewright
