// Pages generated and pages learnt per second, on one and two threads:
//   quickstart  109k parameters, prompts of 26 positions, 8 slots in 13 tokens
//   one_million 0.8M parameters (dim 128, 4 layers, 4 heads, 2 kv heads, ffn 352), prompts of 64 positions,
//   pages of 32
//               tokens
// 64 requests x 4 samples. A page learnt is one forward and backward of its log-probs and entropies and its
// share of an optimizer step, 8 lanes. Wall time: run it on a quiet machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/sum.h>
#include <fmt/format.h>

#include "core/base/rng.hpp"
#include "core/config/config_file.hpp"
#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/prompt_template.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/trainer.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {
namespace {

constexpr int kRequests = 64, kSamples = 4, kLaneCount = 8;

struct BenchShape {
  const char* name;
  int candidates, first_slots, second_slots, history;
  ModelConfig model;
};

BenchShape quickstart_shape() {
  return {"quickstart", 20, 4, 4, 4, {}};
}
BenchShape one_million_shape() {
  BenchShape shape{"one_million", 50, 14, 13, 11, {}};
  shape.model.dim = 128, shape.model.layers = 4, shape.model.kv_heads = 2, shape.model.ffn_dim = 352;
  return shape;
}

PageLanguage bench_language(const BenchShape& shape) {
  const std::string text =
      fmt::format(R"(
schema:
  section_types:
    carousel: {{min_slots: {0}, max_slots: {0}}}
    grid: {{min_slots: {1}, max_slots: {1}}}
  section_order: [carousel, grid]
  max_candidates: {2}
prompt:
  context: ["{{context.device|hash:8}}"]
  history: {{last: {3}, fused: ["{{category|hash:32}}", "{{brand|hash:64}}", "{{price|bucket:12:log:500:40000}}"]}}
  candidate: {{fused: ["{{category|hash:32}}", "{{brand|hash:64}}", "{{price|bucket:12:log:500:40000}}"]}}
)",
                  shape.first_slots, shape.second_slots, shape.candidates, shape.history);
  const ConfigFile file = parse_config(text, "page_bench");
  PageSchema schema = PageSchema::from(file.root().child("schema"));
  PromptTemplate prompt = PromptTemplate::from(file.root().child("prompt"));
  file.finish();
  return PageLanguage(std::move(schema), std::move(prompt), CandidateOrderKind::shuffled, 1);
}

Item bench_item(CounterRandom& random, std::string id) {
  Item item;
  item.id = std::move(id);
  item.category = fmt::format("category{}", random.below(12));
  item.brand = fmt::format("brand{}", random.below(40));
  item.price = 500 + static_cast<std::int64_t>(random.below(30000));
  item.currency = "EUR";
  return item;
}

std::vector<Request> bench_requests(const BenchShape& shape) {
  std::vector<Request> requests;
  for (int r = 0; r < kRequests; ++r) {
    CounterRandom random(1, RandomStream::world, 0, static_cast<std::uint64_t>(r));
    Request request;
    request.id = request.user = fmt::format("request{}", r);
    request.context["device"] = random.below(2) ? "phone" : "desktop";
    for (int i = 0; i < shape.history; ++i)
      request.history.push_back({ActionKind::click, 0, bench_item(random, fmt::format("seen{}-{}", r, i))});
    for (int i = 0; i < shape.candidates; ++i)
      request.candidates.push_back(bench_item(random, fmt::format("item{}-{}", r, i)));
    requests.push_back(std::move(request));
  }
  return requests;
}

struct Rate {
  double wall = 0;  ///< calls per second
  double core = 0;  ///< calls per second of processor time, over all threads
};

/// The best of five rounds of at least `seconds` / 5.
Rate best_rate(double seconds, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  work();
  Rate best;
  for (int round = 0; round < 5; ++round) {
    const auto begin = Clock::now();
    const std::clock_t used = std::clock();
    double spent = 0;
    int calls = 0;
    for (; spent < seconds / 5; ++calls, spent = std::chrono::duration<double>(Clock::now() - begin).count())
      work();
    best.wall = std::max(best.wall, calls / spent);
    best.core = std::max(best.core, calls * double(CLOCKS_PER_SEC) / double(std::clock() - used));
  }
  return best;
}

void print_rate(const char* shape, int threads, const char* what, const Rate& rate) {
  constexpr double kPages = kRequests * kSamples;
  std::printf("  %-12s %d thread%s  %-9s  %8.0f pages/s  %8.0f pages per core-second\n", shape, threads,
              threads == 1 ? " " : "s", what, rate.wall * kPages, rate.core * kPages);
  std::printf(
      "{\"shape\": \"%s\", \"threads\": %d, \"what\": \"%s\", \"pages_per_s\": %.0f, \"pages_per_core_s\": "
      "%.0f}\n",
      shape, threads, what, rate.wall * kPages, rate.core * kPages);
}

/// The pages of a lane, packed.
PackedBatch pack_lane(const PageLanguage& language, std::span<const KeyedRequest> requests,
                      std::span<const Trajectory> pages) {
  std::deque<Prompt> prompts;
  std::deque<PageGrammar::Masks> masks;
  std::vector<PackedRequest> packed;
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const Trajectory* first = &pages[r * kSamples];
    const PageGrammar grammar = language.grammar(*requests[r].request, first->order);
    prompts.push_back(language.prompt(*requests[r].request, first->order));
    packed.push_back({&prompts.back(), {}, {}});
    for (int s = 0; s < kSamples; ++s) {
      masks.push_back(grammar.masks(first[s].tokens));
      packed.back().responses.push_back(first[s].tokens);
      packed.back().masks.push_back(&masks.back());
    }
  }
  return pack(language.vocabulary(), packed, false);
}

void bench_shape(const BenchShape& shape, double seconds) {
  const PageLanguage language = bench_language(shape);
  const std::vector<Request> requests = bench_requests(shape);
  std::vector<KeyedRequest> keyed;
  for (std::size_t i = 0; i < requests.size(); ++i)
    keyed.push_back({&requests[i], static_cast<std::int64_t>(i)});
  ModelConfig config = shape.model;
  config.vocab_size = language.vocabulary().size();
  config.layout_begin = language.vocabulary().layout_begin();
  config.structure_size = language.vocabulary().structure_size();
  std::printf("%s: %lld parameters\n", shape.name, static_cast<long long>(parameter_count(config)));
  FlatParameters parameters(config);
  parameters.initialise(1);
  for (const int threads : {1, 2}) {
    const std::unique_ptr<LanePool> pool = make_lane_pool(threads);
    ModelPolicy policy(language, [&] { return parameters.view(); }, *pool, "bench");
    SampleOptions options;
    options.samples = kSamples;
    std::vector<Trajectory> pages;
    print_rate(shape.name, threads, "generated",
               best_rate(seconds, [&] { pages = policy.generate(keyed, options); }));
    LocalCommunicator alone;
    Trainer trainer(alone, parameters, {}, *pool, kLaneCount, 1'000'000);
    const auto loss = [&](const WeightsView& weights, int lane, int, LaneSums&) {
      constexpr std::size_t kShare = kRequests / kLaneCount;
      const std::size_t first = static_cast<std::size_t>(lane) * kShare;
      const PackedBatch batch = pack_lane(language, std::span(keyed).subspan(first, kShare),
                                          std::span(pages).subspan(first * kSamples, kShare * kSamples));
      const LayoutLogProbs out =
          layout_log_probs(weights, hidden_states(weights, batch.batch), batch.targets);
      return (at::sum(out.log_prob) + at::sum(out.entropy) * 0.01) * (-1.0 / (kRequests * kSamples));
    };
    print_rate(shape.name, threads, "learnt", best_rate(seconds, [&] { trainer.step(loss, 1); }));
  }
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  pagewright::bench_shape(pagewright::quickstart_shape(), seconds);
  pagewright::bench_shape(pagewright::one_million_shape(), seconds);
}
