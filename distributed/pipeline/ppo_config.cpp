#include "distributed/pipeline/ppo_config.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "core/config/section.hpp"

namespace pagewright {
namespace {

void read_ppo_sizes(const Section& section, PpoConfig& config) {
  section.read("iterations", config.iterations, at_least(0), "iterations of drawing, scoring and learning");
  section.read("requests", config.requests, at_least(1),
               "requests an iteration; a multiple of lanes x mini_batches");
  section.read("samples", config.samples, at_least(1), "pages generated for each request");
  section.read("epochs", config.epochs, at_least(1), "passes over the pages of an iteration");
  section.read("mini_batches", config.mini_batches, at_least(1), "optimizer steps of a pass");
  section.read("micro_batch", config.micro_batch, at_least(0),
               "requests of a lane that are differentiated at once, which activations need memory for; their "
               "gradients add up to the mini-batch's without further communication. 0: all that it takes");
  section.read(
      "micro_batch_tokens", config.micro_batch_tokens, at_least(0).in_units("positions"),
      "the same as a bound of the positions that are differentiated at once, packed without padding, a "
      "prompt counted once for all its pages; a request that is larger is differentiated by itself. 0: "
      "no bound");
  if (config.micro_batch > 0 && config.micro_batch_tokens > 0)
    section.complain("micro_batch_tokens", "give micro_batch or micro_batch_tokens, not both");
  section.read(
      "lanes", config.lanes, at_least(1),
      "parts of a batch whose sums are made apart, so that results do not depend on threads; a power of two");
  section.read(
      "max_staleness", config.max_staleness, in_closed(0, 16).in_units("iterations"),
      "how much older than the weights that learn them pages are: 0 waits for each iteration's pages; "
      "k generates them while the k iterations before learn");
  section.read(
      "importance_cap", config.importance_cap, at_least(0),
      "bound of the importance weights of pages that other weights sampled, at least 1; 0: pages are not "
      "weighed");
  if (config.importance_cap > 0 && config.importance_cap < 1)
    section.complain("importance_cap", "importance_cap must be at least 1, or 0 for no weights");
}

void read_ppo_objective(const Section& section, PpoConfig& config) {
  section.read("gamma", config.gamma, in_closed(0, 1), "discount from token to token");
  section.read("lambda", config.lambda, in_closed(0, 1), "decay of generalised advantage estimation");
  section.read("clip", config.clip.low, in_open(0, 1), "clip range of the probability ratio, below 1");
  config.clip.high = config.clip.low;
  section.read("clip_high", config.clip.high, positive(), "clip range above 1; as clip if not given");
  section.read(
      "dual_clip", config.clip.dual, at_least(0),
      "bound of the loss where the advantage is negative, times the advantage; above 1, or 0 for none");
  section.read("clip_value", config.clip_value, at_least(0), "clip range of the value's change; 0: none");
  section.read("value_coefficient", config.value_coefficient, at_least(0), "weight of the value loss");
  section.read("entropy_coefficient", config.entropy_coefficient, at_least(0), "weight of the entropy bonus");
  section.read("whiten", config.whiten, "whiten advantages over the whole batch");
  section.read_enum("aggregation", config.aggregation,
                    {{"token_mean", LossAggregation::token_mean},
                     {"seq_mean_token_sum", LossAggregation::seq_mean_token_sum},
                     {"seq_mean_token_mean", LossAggregation::seq_mean_token_mean},
                     {"seq_mean_token_sum_norm", LossAggregation::seq_mean_token_sum_norm}},
                    "how the terms of tokens become one loss");
  section.read_enum("credit", config.credit,
                    {{"per_item", CreditPlacement::per_item},
                     {"per_section", CreditPlacement::per_section},
                     {"terminal", CreditPlacement::terminal}},
                    "item rewards land on their items' tokens, on the ends of their sections, or with the "
                    "page reward on the page's end");
  section.read("shaping", config.shaping, at_least(0),
               "weight of potential-based shaping by the page model's running expected gain, which pays each "
               "slot's gain at the slot and takes it back at the page's end; 0: none");
  section.read_enum(
      "stream_scale", config.stream_scale, {{"fixed", StreamScale::fixed}, {"running", StreamScale::running}},
      "scale of page and item rewards: fixed, as fit-reward found it under the warm-up; "
      "running, so that over the pages learnt so far the page rewards have a standard deviation "
      "of alpha and the pages' sums of item rewards one of 1 - alpha");
  if (config.clip.dual != 0 && config.clip.dual <= 1)
    section.complain("dual_clip", "dual_clip must be above 1, or 0 for none");
}

void read_ppo_kl(const Section& section, PpoConfig& config) {
  section.read_enum("kl", config.kl.kind, {{"adaptive", KlControl::adaptive}, {"fixed", KlControl::fixed}},
                    "whether the weight of the divergence from the start policy follows kl_target");
  section.read_enum(
      "kl_estimator", config.kl_estimator,
      {{"k1", KlEstimator::k1},
       {"k2", KlEstimator::k2},
       {"k3", KlEstimator::k3},
       {"k3_plus", KlEstimator::k3_plus}},
      "estimator of the divergence; k3_plus has the value of k3 and the unbiased gradient of k2");
  section.read_enum("kl_in", config.kl_in, {{"reward", KlPlace::reward}, {"loss", KlPlace::loss}},
                    "whether the divergence lowers the reward or is a term of the loss");
  section.read("kl_coefficient", config.kl.coefficient, at_least(0),
               "weight of the divergence, at the start");
  section.read("kl_target", config.kl.target, positive().in_units("nats per page"),
               "divergence that the adaptive weight aims at");
  section.read("kl_hard_stop", config.kl.hard_stop, at_least(0).in_units("nats per page"),
               "divergence that ends the run at the last policy below it; 0: never");
  section.read("kl_horizon", config.kl.horizon, at_least(0).in_units("pages"),
               "pages over which an error of 20 % changes the weight by 20 %; 0: ten iterations' pages");
  if (config.kl_in == KlPlace::loss && config.kl_estimator == KlEstimator::k1)
    section.complain("kl_estimator",
                     "kl_estimator k1 has no gradient on average in the loss: take k2 or k3_plus, or "
                     "kl_in: reward");
}

}  // namespace

PpoConfig PpoConfig::from(const Section& section) {
  return from(section, PpoConfig{});
}

PpoConfig PpoConfig::from(const Section& section, PpoConfig config) {
  read_ppo_sizes(section, config);
  read_ppo_objective(section, config);
  read_ppo_kl(section, config);
  const int unit = config.lanes * config.mini_batches;
  if (!std::has_single_bit(static_cast<unsigned>(config.lanes)))
    section.complain("lanes", fmt::format("lanes must be a power of two, not {}", config.lanes));
  else if (config.requests % unit != 0)
    section.complain(
        "requests", fmt::format("requests must be a multiple of lanes x mini_batches = {}; the nearest is {}",
                                unit, std::max(1, (config.requests + unit / 2) / unit) * unit));
  return config;
}

KlControlConfig PpoConfig::kl_control() const {
  KlControlConfig control = kl;
  if (control.horizon == 0) control.horizon = 10 * static_cast<double>(pages());
  return control;
}

}  // namespace pagewright
