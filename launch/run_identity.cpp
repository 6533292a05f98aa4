#include "launch/run_identity.hpp"

#include <fmt/format.h>

#include "core/base/sha256.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {

namespace {

bool was_always_so(const std::string& path, const std::string& value) {
  static const std::map<std::string, std::string> kBefore = {{"distributed.determinism", "exact"},
                                                             {"log_pages", "0"},
                                                             {"model.layout_start", "names"},
                                                             {"model.path", "\"\""},
                                                             {"model.start", "pretrained"},
                                                             {"ppo.importance_cap", "2"},
                                                             {"ppo.max_staleness", "0"},
                                                             {"ppo.micro_batch", "0"},
                                                             {"ppo.micro_batch_tokens", "0"},
                                                             {"ppo.shaping", "0"},
                                                             {"ppo.stream_scale", "fixed"},
                                                             {"precision.frozen", "float32"},
                                                             {"precision.gradients", "float32"},
                                                             {"precision.parameters", "float32"},
                                                             {"precision.reduction", "float32"},
                                                             {"prompt.candidate.heading", "\"\""},
                                                             {"prompt.end", "\"\""},
                                                             {"prompt.history.heading", "\"\""},
                                                             {"prompt.max_tokens", "0"},
                                                             {"rewards.clicks.pages", "all"},
                                                             {"rewards.item.fit.evaluate_every", "0"},
                                                             {"rewards.item.fit.least_gain", "0.001"},
                                                             {"rewards.item.fit.patience", "0"},
                                                             {"rewards.page.fit.evaluate_every", "0"},
                                                             {"rewards.page.fit.least_gain", "0.001"},
                                                             {"rewards.page.fit.patience", "0"},
                                                             {"rewards.gains.delayed_purchases", "none"},
                                                             {"rewards.gains.delays", "exponential"},
                                                             {"rewards.gains.dismissal", "0"},
                                                             {"rewards.gains.estimator", "ipw"},
                                                             {"rewards.gains.log_end", "null"},
                                                             {"rewards.swap.variants", "8"},
                                                             {"rewards.swap.with", "both"},
                                                             {"rewards.gains.cart", "0"},
                                                             {"rewards.item.ensemble", "1"},
                                                             {"rewards.item.form", "full"},
                                                             {"rewards.item.pessimism", "0"},
                                                             {"rewards.item.uncertainty", "null"},
                                                             {"rewards.item.weight", "dcg"},
                                                             {"rewards.page.calibration", "none"},
                                                             {"warmup.vocabulary", "allowed"},
                                                             {"rewards.page.ensemble", "1"},
                                                             {"rewards.page.pair_head", "page"},
                                                             {"rewards.page.pessimism", "0"},
                                                             {"rewards.page.revenue", "listed"},
                                                             {"rewards.pairs.family_weights.diversity", "1"},
                                                             {"rewards.pairs.family_weights.natural", "1"},
                                                             {"rewards.pairs.family_weights.ranking", "1"},
                                                             {"rewards.pairs.family_weights.redundancy", "1"},
                                                             {"rewards.pairs.family_weights.relevance", "1"},
                                                             {"rewards.pairs.file", "null"},
                                                             {"rewards.pairs.hard_by", "category"},
                                                             {"rewards.pairs.hard_share", "0.5"},
                                                             {"rewards.pairs.request_baseline", "never"},
                                                             {"rewards.pairs.vector_prefix", "\"\""}};
  const auto found = kBefore.find(path);
  return found != kBefore.end() && found->second == value;
}

std::string frozen_sha256(const FlatParameters* parameters) {
  return parameters && parameters->frozen() ? parameters->frozen()->sha256() : "";
}

}  // namespace

std::string trained_configuration(const LoadedExperiment& loaded, const std::string& policy) {
  const bool adapters = loaded.experiment.model.lora.on(), critic = loaded.experiment.critic.separate();
  const GainConfig& gains = loaded.experiment.rewards.gains;
  const bool click_model =
      gains.propensities == PropensitySource::click_model || fits_clicks(gains.estimator);
  std::string text = policy;
  for (const auto& [path, value] : loaded.values) {
    if (is_free_key(path) || was_always_so(path, value)) continue;
    if ((!adapters && path.starts_with("model.lora.")) || (!critic && path.starts_with("critic."))) continue;
    if (!click_model && (path.starts_with("rewards.clicks.") || path == "rewards.gains.click_model"))
      continue;
    text += fmt::format("\n{}: {}", path, value);
  }
  return text;
}

RunIdentity run_identity(const LoadedExperiment& loaded, const std::string& policy,
                         const FlatParameters& parameters, const FlatParameters* critic) {
  const std::string critics = frozen_sha256(critic);
  return {sha256_hex(trained_configuration(loaded, policy)), loaded.experiment.language().hash(),
          numeric_fingerprint(), frozen_sha256(&parameters) + (critics.empty() ? "" : " " + critics)};
}

}  // namespace pagewright
