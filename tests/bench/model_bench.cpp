// Tokens per second of the model on one core: forward, forward and backward, decoding with the cache.
//   model_bench [dim] [layers] [heads] [ffn_dim] [seconds]
// Shapes of the quickstart by default: prompts of 26 positions, pages of 13 tokens, 4 samples of 8 requests a
// lane.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "core/base/rng.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/kv_cache.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/layout_scorer.hpp"
#include "core/model/transformer.hpp"

namespace pagewright {
namespace {

constexpr int kPrompt = 26, kPage = 13, kSamples = 4, kRequests = 8, kCandidates = 20;

WeightsView bench_weights(const ModelConfig& config) {
  CounterRandom random(1, RandomStream::init);
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const ParameterSpec& spec : parameter_specs(config)) {
    at::Tensor t = at::empty(spec.shape, at::TensorOptions().dtype(at::kFloat));
    float* p = t.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < t.numel(); ++i)
      p[i] = static_cast<float>(spec.init == InitKind::ones ? 1.0 : spec.stddev * random.normal());
    (*tensors)[spec.name] = t.set_requires_grad(true);
  }
  return WeightsView(std::make_shared<ModelConfig>(config), tensors, 0);
}

/// `fused` ids a position.
TokenBags bench_bags(int positions, int fused, std::int64_t vocab, CounterRandom& random) {
  TokenBags bags;
  std::vector<TokenId> bag(static_cast<std::size_t>(fused));
  for (int i = 0; i < positions; ++i) {
    for (TokenId& id : bag) id = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(vocab)));
    bags.push(bag);
  }
  return bags;
}

/// One lane: requests with shared prompts; every second token has all candidates to choose from, the others
/// two.
void bench_lane(const ModelConfig& config, Batch& batch, TargetRows& targets) {
  CounterRandom random(2, RandomStream::init);
  for (int request = 0; request < kRequests; ++request) {
    const std::int64_t begin = batch.rows();
    const auto parent = static_cast<std::int32_t>(batch.segments.size());
    batch.segments.push_back({bench_bags(kPrompt, 6, config.vocab_size, random), 0, -1});
    for (int j = 0; j < kCandidates; ++j) targets.candidate_row.push_back(begin + 5 + j);
    targets.candidate_offsets.push_back(static_cast<std::int32_t>(targets.candidate_row.size()));
    for (int sample = 0; sample < kSamples; ++sample) {
      const std::int64_t first = batch.rows();
      batch.segments.push_back({bench_bags(kPage - 1, 6, config.vocab_size, random), kPrompt, parent});
      for (int t = 0; t < kPage; ++t) {
        targets.row.push_back(t == 0 ? begin + kPrompt - 1 : first + t - 1);
        const int allowed = t % 2 ? kCandidates : 2;
        for (int a = 0; a < allowed; ++a)
          targets.allowed.push_back(static_cast<std::int32_t>(config.structure_size) + a);
        targets.target.push_back(targets.allowed.back());
        targets.allowed_offsets.push_back(static_cast<std::int32_t>(targets.allowed.size()));
        targets.prompt.push_back(request);
      }
    }
  }
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Calls per second of processor time in the best of ten shares of `seconds`, so that a busy machine tells as
/// little as possible.
double calls_per_second(double seconds, const std::function<void()>& work) {
  work();
  double best = 0;
  for (int share = 0; share < 10; ++share) {
    const double begin = cpu_seconds();
    double spent = 0;
    int calls = 0;
    for (; spent < seconds / 10; ++calls, spent = cpu_seconds() - begin) work();
    best = std::max(best, calls / spent);
  }
  return best;
}

double decode_tokens_per_second(const WeightsView& weights, double seconds) {
  CounterRandom random(3, RandomStream::init);
  std::vector<TokenBags> prompts;
  std::vector<std::int32_t> streams, stream_prompt;
  for (int p = 0; p < 32; ++p) prompts.push_back(bench_bags(kPrompt, 6, weights.config().vocab_size, random));
  std::vector<const TokenBags*> pointers;
  for (int p = 0; p < 32; ++p) {
    pointers.push_back(&prompts[static_cast<std::size_t>(p)]);
    for (int s = 0; s < kSamples; ++s) {
      streams.push_back(static_cast<std::int32_t>(streams.size()));
      stream_prompt.push_back(p);
    }
  }
  const TokenBags next = bench_bags(static_cast<int>(streams.size()), 6, weights.config().vocab_size, random);
  std::vector<float> hidden(streams.size() * static_cast<std::size_t>(weights.config().dim));
  const std::int64_t columns = weights.config().structure_size + kCandidates;
  std::vector<float> logits(streams.size() * static_cast<std::size_t>(columns));
  const double calls = calls_per_second(seconds, [&] {
    DecodeSession<float> session(weights, pointers, stream_prompt, kPage - 1);
    std::vector<at::Tensor> candidates;
    for (int p = 0; p < 32; ++p)
      candidates.push_back(session.prompt_hidden().narrow(0, session.prompt_row(p, 5), kCandidates));
    LayoutScorer<float> scorer(weights, candidates, columns);
    for (int t = 1; t < kPage; ++t) {
      session.step(streams, next, hidden.data());
      scorer.score(stream_prompt, hidden.data(), logits.data());
    }
  });
  return calls * static_cast<double>(streams.size()) * kPage;
}

int run_model_bench(int argc, char** argv) {
  const auto argument = [&](int i, std::int64_t fallback) {
    return argc > i ? std::atoll(argv[i]) : fallback;
  };
  at::set_num_threads(1);
  ModelConfig config;
  config.dim = argument(1, 64);
  config.layers = argument(2, 2);
  config.heads = config.kv_heads = argument(3, 4);
  config.ffn_dim = argument(4, 128);
  const double seconds = static_cast<double>(argument(5, 2));
  config.vocab_size = 150;
  config.layout_begin = 125;
  config.structure_size = 5;
  const WeightsView weights = bench_weights(config);
  Batch batch;
  TargetRows targets;
  bench_lane(config, batch, targets);
  const auto rows = static_cast<double>(batch.rows());
  const auto loss = [&] {
    const LayoutLogProbs out = layout_log_probs(weights, hidden_states(weights, batch), targets);
    return at::sum(out.log_prob) + at::sum(out.entropy) * 0.01;
  };
  const double forward = rows * calls_per_second(seconds, [&] {
                           const at::NoGradGuard no_grad;
                           loss();
                         });
  std::vector<at::Tensor> leaves;
  for (const auto& [name, tensor] : weights.tensors()) leaves.push_back(tensor);
  const double both = rows * calls_per_second(seconds, [&] { torch::autograd::grad({loss()}, leaves); });
  const double decode = decode_tokens_per_second(weights, seconds);
  std::printf("%lld parameters, %s, one thread, %.0f packed rows a lane\n",
              static_cast<long long>(parameter_count(config)), kernel_instruction_set(), rows);
  std::printf("  forward with heads      %10.0f tokens/s\n", forward);
  std::printf("  forward and backward    %10.0f tokens/s\n", both);
  std::printf("  decode (128 pages)      %10.0f tokens/s\n", decode);
  std::printf("{\"parameters\": %lld, \"forward\": %.0f, \"forward_backward\": %.0f, \"decode\": %.0f}\n",
              static_cast<long long>(parameter_count(config)), forward, both, decode);
  return 0;
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  return pagewright::run_model_bench(argc, argv);
}
