#pragma once
// A small shop with everything that the pipeline connects: requests, a page language, a real policy that
// samples by full forward passes, and a scorer with known rewards.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/page/page_language.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/pipeline/critic_config.hpp"
#include "distributed/pipeline/pipeline.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"

namespace pagewright::shop_test {

/// Pages of a grid of 2 slots and a list of 1 or 2, from 6 candidates of 3 brands.
PageLanguage shop_language();
std::vector<Request> shop_requests(int count);
ModelConfig shop_model(const PageLanguage& language, int layers = 1);

/// Samples token by token, every step a full forward pass over the prompt and the page so far.
class ForwardGenerator final : public Generator {
 public:
  ForwardGenerator(const PageLanguage& language, const FlatParameters& parameters)
      : language_(language), parameters_(parameters) {}
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;

 private:
  const PageLanguage& language_;
  const FlatParameters& parameters_;
};

/// Item reward 0.5 for brand "a" and -0.25 otherwise, page reward 1 if the first item costs least; reference
/// log-probs of the start policy. Its term `brand_a` measures the share of slots that hold brand "a".
class BrandScorer final : public Scorer {
 public:
  BrandScorer(const PageLanguage& language, const FlatParameters& start)
      : language_(language), start_(start) {}
  std::vector<Score> score(std::span<const KeyedRequest> requests,
                           std::span<const Trajectory> trajectories) override;

 private:
  const PageLanguage& language_;
  const FlatParameters& start_;
};

/// How a ShopRun's networks differ from a policy with a value head that is trained as a whole.
struct ShopNetworks {
  c10::Device device = c10::kCPU;
  LoraConfig lora = {};  ///< of the policy
  bool separate_critic = false;
  LoraConfig critic_lora = {};
  double critic_rate = 3e-3;
  at::ScalarType type = at::kFloat;
};

/// Parameters, trainer and pipeline over the shop.
class ShopRun {
 public:
  ShopRun(const PpoConfig& config, int threads, double learning_rate = 3e-3);
  /// On several ranks, which make it together.
  ShopRun(const PpoConfig& config, int threads, Communicator& learners, ShardingConfig sharding,
          double learning_rate = 3e-3, int layers = 1, const ShopNetworks& networks = {});
  Pipeline& pipeline() { return *pipeline_; }
  Trainer& trainer() { return trainer_; }
  FlatParameters& parameters() { return parameters_; }
  /// Null without a separate critic.
  Trainer* critic() { return critic_.get(); }
  CheckpointedTrainers trainers() const { return {trainer_, critic_.get()}; }
  /// Runs to the end (or `until` iterations) and returns the reports.
  std::vector<IterationReport> run(std::optional<std::int64_t> until = {}, PipelineHooks hooks = {});
  std::vector<KeyedRequest> keyed_requests(int count) const;
  const PageLanguage& language() const { return language_; }
  ForwardGenerator& generator() { return generator_; }
  BrandScorer& scorer() { return scorer_; }
  LanePool& pool() { return *pool_; }

 private:
  PageLanguage language_;
  std::vector<Request> requests_;
  FlatParameters parameters_, start_;
  LocalCommunicator alone_;
  std::unique_ptr<LanePool> pool_;
  Trainer trainer_;
  std::unique_ptr<FlatParameters> critic_parameters_;
  std::unique_ptr<Trainer> critic_;
  ForwardGenerator generator_;
  BrandScorer scorer_;
  LocalPageSource source_;
  std::unique_ptr<Pipeline> pipeline_;
};

/// 16 requests of 2 samples in 4 lanes, 2 passes of 2 mini-batches.
PpoConfig shop_config();

}  // namespace pagewright::shop_test
