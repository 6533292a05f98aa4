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

PageUpdateReport PageUpdate::run(const Experience& experience, std::uint64_t iteration, double kl_coefficient,
                                 const std::function<void()>& between) {
  const Passes passes = shuffled_passes(experience, iteration);
  Packing packing;
  const std::vector<MiniBatch> batches = mini_batches(passes, packing);
  std::vector<StepReport> reports;
  std::vector<double>
      largest;  // [steps + 1] ratio deviations, positions; of this rank's lanes and then of all
  std::vector<std::int64_t> pages(experience.lanes.size(), 0);  // in all passes
  for (const MiniBatch& batch : batches) {
    std::vector<double> of_lanes(static_cast<std::size_t>(config_.lanes), 0.0);
    const LossFunction loss = [&](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
      const auto index =
          static_cast<std::size_t>(std::ranges::find(experience.lanes, lane) - experience.lanes.begin());
      const auto requests = batch.cuts.at(index).part(batch.lanes.at(index), micro_batch);
      if (requests.empty()) return at::Tensor();
      for (const LearningRequest* request : requests) pages[index] += std::ssize(request->pages);
      return page_loss(config_, kl_coefficient, weights, language_.vocabulary(), requests, batch.counts, sums,
                       of_lanes[static_cast<std::size_t>(lane)]);
    };
    reports.push_back(trainer_.step(loss, batch.micro_batches));
    largest.push_back(*std::ranges::max_element(of_lanes));
    if (between) between();
  }
  trainer_.gather_parameters();
  largest.push_back(packing.largest);
  combine_doubles(largest, trainer_.learner_lanes().learners(), ReduceOp::max);
  UpdateTotals totals;
  for (std::size_t step = 0; step < reports.size(); ++step) totals.add(reports[step], largest[step]);
  for (std::int64_t& lane : pages) {
    require(lane % config_.epochs == 0, "{} pages of a lane in {} equal passes", lane, config_.epochs);
    lane /= config_.epochs;
  }
  packing.largest = largest.back();
  Metrics metrics = totals.metrics(config_.epochs);
  packing.add_to(metrics, config_.epochs);
  return {std::move(metrics), std::move(pages)};
}

}  // namespace pagewright
