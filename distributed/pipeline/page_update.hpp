#pragma once
// Step 7 of an iteration: optimizer steps on the iteration's pages.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/page/page_language.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/metrics.hpp"
#include "distributed/pipeline/micro_batches.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

struct PageUpdateReport {
  Metrics metrics;
  /// [lanes of this rank] pages that went through the loss, in each pass.
  std::vector<std::int64_t> pages_of_lane;
};

/// Passes over the pages in mini-batches. A mini-batch takes an equal share of every lane; inside a lane
/// requests are shuffled anew each pass, and the samples of a request never part.
class PageUpdate {
 public:
  /// References must outlive the object. `critic` is null where the policy has a value head. Throws Error if
  /// the requests do not divide by lanes x mini-batches.
  PageUpdate(const PpoConfig& config, const PageLanguage& language, Trainer& trainer, std::uint64_t seed,
             Trainer* critic = nullptr);

  /// `experience` holds the pages of this rank's lanes; `between` is called after every optimizer step. All
  /// learners take part: besides the trainer's steps, two all-reduces, of a few numbers for each step, a
  /// third with micro_batch_tokens, whose number of micro-batches they agree on, and with zero 3 a gather of
  /// the parameters. Metrics, the same on all ranks: policy_loss, value_loss, entropy, clip_fraction,
  /// value_clip_fraction, approximate_kl (old against new), ratio_max_deviation, grad_norm (mean),
  /// learning_rate (last), skipped_steps, pages_learnt (per pass), of the very first step, when old and new
  /// are the same weights, first_ratio_deviation and first_clip_fraction: both exactly 0; and of the packing,
  /// per pass, packed_tokens (positions that go through the model, prompts shared by the pages of a request),
  /// unshared_tokens (what they would be with a prompt for each page), micro_batches (of all lanes) and
  /// largest_micro_batch (positions). A separate critic steps on the same mini-batches and adds
  /// critic_grad_norm and critic_learning_rate; while it warms up (PpoConfig::critic_warmup) the metrics of
  /// the policy's steps are missing.
  PageUpdateReport run(const Experience& experience, std::uint64_t iteration, double kl_coefficient,
                       const std::function<void()>& between = {});

 private:
  /// [passes][lanes of this rank][requests of the lane], shuffled.
  using Passes = std::vector<std::vector<std::vector<const LearningRequest*>>>;
  struct MiniBatch {
    std::vector<std::span<const LearningRequest* const>> lanes;  ///< of this rank
    std::vector<MicroBatchCut> cuts;                             ///< of these lanes
    GlobalCounts counts;                                         ///< of all ranks
    int micro_batches = 1;                                       ///< most of any lane of all ranks
    /// Of the `index`-th of these lanes.
    std::span<const LearningRequest* const> part(std::size_t index, int micro_batch) const {
      return cuts.at(index).part(lanes.at(index), micro_batch);
    }
  };
  struct Packing {
    double packed = 0, unshared = 0, micro_batches = 0;  ///< of all passes and ranks
    double largest = 0;                                  ///< of this rank, until it is combined
    void add_to(Metrics& metrics, int passes) const;
  };

  struct Steps;
  void step_policy(const MiniBatch& batch, double kl_coefficient, Steps& steps);
  void step_critic(const MiniBatch& batch, bool alone, Steps& steps);
  bool critic_warms_up() const;
  PageUpdateReport report(Steps steps, Packing packing) const;
  Passes shuffled_passes(const Experience& experience, std::uint64_t iteration) const;
  std::vector<MiniBatch> mini_batches(const Passes& passes, Packing& packing) const;
  void agree_on_micro_batches(std::vector<MiniBatch>& batches) const;

  const PpoConfig& config_;
  const PageLanguage& language_;
  Trainer& trainer_;
  Trainer* critic_;
  std::uint64_t seed_;
};

}  // namespace pagewright
