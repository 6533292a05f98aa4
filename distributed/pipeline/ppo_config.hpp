#pragma once
// The settings of an iteration of proximal policy optimisation on pages. Pages are sampled at temperature 1,
// at which all log-probs are taken: behaviour, old, new and reference.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/rl/aggregation.hpp"
#include "core/rl/kl.hpp"
#include "core/rl/kl_controller.hpp"
#include "core/rl/lagrange_multiplier.hpp"
#include "core/rl/policy_loss.hpp"
#include "core/rl/token_rewards.hpp"
#include "distributed/pipeline/reward_streams.hpp"

namespace pagewright {

class Section;

/// Where the divergence from the start policy acts.
enum class KlPlace { reward, loss };

struct PpoConfig {
  int iterations = 40;
  int requests = 64;     ///< an iteration; a multiple of lanes x mini_batches
  int samples = 4;       ///< pages a request
  int epochs = 2;        ///< passes over an iteration's pages
  int mini_batches = 2;  ///< optimizer steps a pass
  int micro_batch = 0;   ///< requests of a lane that are differentiated at once; 0: all of a mini-batch
  std::int64_t micro_batch_tokens = 0;  ///< the same in packed positions; 0: no bound
  int lanes = 8;                        ///< parts of a batch whose sums are made apart; a power of two

  int max_staleness = 0;      ///< iterations by which pages may be older than the weights that learn them
  double importance_cap = 2;  ///< of the weights that correct this (core/rl/importance.hpp); 0: none

  std::int64_t critic_warmup = 0;  ///< first optimizer steps of a separate critic, without the policy

  bool narrow = false;  ///< parameters are narrower than float32; behaviour_ratio_deviation is reported then

  double gamma = 1.0;
  double lambda = 0.95;
  PolicyClip clip;
  double clip_value = 0.2;  ///< 0: off
  double value_coefficient = 1.0;
  double entropy_coefficient = 0.0;
  KlControlConfig kl{.horizon = 0};  ///< horizon 0: ten iterations' pages
  KlEstimator kl_estimator = KlEstimator::k1;
  KlPlace kl_in = KlPlace::reward;
  CreditPlacement credit = CreditPlacement::per_item;
  double shaping = 0;  ///< weight of the potential (core/rl/potential_shaping.hpp); 0: none
  StreamScale stream_scale = StreamScale::fixed;
  double page_share = 0.5;  ///< of the reward, with running stream scales: the policy's alpha
  bool whiten = true;
  LossAggregation aggregation = LossAggregation::token_mean;
  std::vector<ConstraintConfig> constraints;  ///< from the list of reward terms

  static PpoConfig from(const Section& section);
  static PpoConfig from(const Section& section, PpoConfig defaults);

  std::int64_t pages() const { return static_cast<std::int64_t>(requests) * samples; }
  /// Optimizer steps of a run, those of a critic that warms up included: what a trainer's schedule needs.
  std::int64_t optimizer_steps() const {
    return static_cast<std::int64_t>(iterations) * epochs * mini_batches;
  }
  /// Those of the policy.
  std::int64_t policy_steps() const { return std::max<std::int64_t>(0, optimizer_steps() - critic_warmup); }
  /// `kl` with its horizon filled in.
  KlControlConfig kl_control() const;
};

}  // namespace pagewright
