#include "tests/distributed/small_shop_support.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/core/grad_mode.h>

#include "core/base/rng.hpp"
#include "core/config/config_file.hpp"
#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright::shop_test {
namespace {

constexpr const char* kShopTemplate = R"(
context: ["{query|hash:8}"]
candidate: {fused: ["{brand|hash:8}", "{price|bucket:8:0:100}"]}
placed_features: true
)";

/// Index of a token drawn from the scores of the allowed ones.
std::size_t draw_token(const std::vector<double>& logits, double temperature, CounterRandom random) {
  std::size_t best = 0;
  double highest = -INFINITY;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double score = logits[i] / temperature + random.gumbel();
    if (score > highest) {
      highest = score;
      best = i;
    }
  }
  return best;
}

struct ShopPage {
  const PageLanguage& language;
  const WeightsView& weights;
  const Prompt& prompt;
  const PageGrammar& grammar;

  std::vector<float> log_probs(std::span<const TokenId> tokens, double temperature) const {
    const PageGrammar::Masks masks = grammar.masks(tokens);
    const PackedRequest request{&prompt, {tokens}, {&masks}};
    const PackedBatch packed = pack(language.vocabulary(), {&request, 1}, false);
    return floats_on_host(
        layout_log_probs(weights, hidden_states(weights, packed.batch), packed.targets, temperature)
            .log_prob);
  }

  /// Scores of the tokens allowed after a prefix; `allowed` are their layout indices.
  std::vector<double> next_logits(std::vector<TokenId> prefix,
                                  const std::vector<std::int32_t>& allowed) const {
    prefix.push_back(language.vocabulary().layout_begin() + allowed.front());
    const PageGrammar::Masks masks = grammar.masks(prefix);
    const PackedRequest request{&prompt, {prefix}, {&masks}};
    const PackedBatch packed = pack(language.vocabulary(), {&request, 1}, false);
    const at::Tensor logits = layout_logits(weights, hidden_states(weights, packed.batch), packed.targets);
    const at::Tensor last = logits.select(0, logits.size(0) - 1).to(at::kCPU, at::kDouble).contiguous();
    std::vector<double> result;
    for (const std::int32_t index : allowed) result.push_back(last.const_data_ptr<double>()[index]);
    return result;
  }
};

}  // namespace

PageLanguage shop_language() {
  PageSchema schema;
  schema.section_types = {{.name = "grid", .layout = "grid", .min_slots = 2, .max_slots = 2},
                          {.name = "list", .layout = "list", .min_slots = 1, .max_slots = 2}};
  schema.min_sections = schema.max_sections = 2;
  schema.max_candidates = 6;
  ConfigFile file = parse_config(kShopTemplate, "template.yaml");
  PromptTemplate prompt_template = PromptTemplate::from(file.root());
  file.finish();
  return PageLanguage(schema, std::move(prompt_template), CandidateOrderKind::shuffled, 17);
}

std::vector<Request> shop_requests(int count) {
  std::vector<Request> requests;
  for (int i = 0; i < count; ++i) {
    CounterRandom random(23, RandomStream::world, 0, static_cast<std::uint64_t>(i));
    Request request;
    request.id = "request " + std::to_string(i);
    request.query = std::string(1, static_cast<char>('p' + random.below(4)));
    for (int j = 0; j < 6; ++j) {
      Item item;
      item.id = "item " + std::to_string(j);
      item.brand = std::string(1, static_cast<char>('a' + random.below(3)));
      item.price = static_cast<std::int64_t>(random.below(100));
      item.currency = "EUR";
      request.candidates.push_back(std::move(item));
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

ModelConfig shop_model(const PageLanguage& language, int layers) {
  ModelConfig config;
  config.vocab_size = language.vocabulary().size();
  config.dim = 16;
  config.layers = layers;
  config.heads = config.kv_heads = 2;
  config.ffn_dim = 32;
  config.max_positions = 64;
  config.layout_begin = language.vocabulary().layout_begin();
  config.structure_size = language.vocabulary().structure_size();
  config.value_head = true;
  return config;
}

std::vector<Trajectory> ForwardGenerator::generate(std::span<const KeyedRequest> requests,
                                                   const SampleOptions& options) {
  const at::NoGradGuard no_gradients;
  const WeightsView weights = parameters_.view();
  const LayoutVocabulary& vocabulary = language_.vocabulary();
  std::vector<Trajectory> trajectories;
  for (const KeyedRequest& keyed : requests) {
    const auto key = static_cast<std::uint64_t>(keyed.key);
    const CandidateOrder order = language_.candidate_order(*keyed.request, options.iteration, key);
    const Prompt prompt = language_.prompt(*keyed.request, order);
    const PageGrammar grammar = language_.grammar(*keyed.request, order);
    const ShopPage page{language_, weights, prompt, grammar};
    for (int sample = 0; sample < options.samples; ++sample) {
      Trajectory trajectory;
      trajectory.request = keyed.key;
      trajectory.sample = sample;
      trajectory.order = order;
      PageGrammar::State state = grammar.start();
      std::vector<std::int32_t> allowed;
      while (!state.finished()) {
        grammar.allowed(state, allowed);
        const CounterRandom random(options.seed, RandomStream::sampling, options.iteration, key,
                                   static_cast<std::uint64_t>(sample), trajectory.tokens.size());
        const std::size_t chosen =
            draw_token(page.next_logits(trajectory.tokens, allowed), options.temperature, random);
        trajectory.tokens.push_back(vocabulary.layout_begin() + allowed[chosen]);
        grammar.advance(state, trajectory.tokens.back());
      }
      trajectory.log_probs = page.log_probs(trajectory.tokens, options.temperature);
      DecodedPage decoded = language_.decode(order, trajectory.tokens);
      trajectory.page = std::move(decoded.page);
      trajectory.spans = std::move(decoded.spans);
      trajectory.policy_version = weights.version();
      trajectories.push_back(std::move(trajectory));
    }
  }
  return trajectories;
}

std::vector<Score> BrandScorer::score(std::span<const KeyedRequest> requests,
                                      std::span<const Trajectory> trajectories) {
  const at::NoGradGuard no_gradients;
  const WeightsView weights = start_.view();
  std::vector<Score> scores;
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    const Request& request = *requests[i].request;
    const Trajectory& trajectory = trajectories[i];
    const Prompt prompt = language_.prompt(request, trajectory.order);
    const PageGrammar grammar = language_.grammar(request, trajectory.order);
    Score score;
    score.reference_log_probs =
        ShopPage{language_, weights, prompt, grammar}.log_probs(trajectory.tokens, 1.0);
    const std::vector<std::int32_t> items = trajectory.page.items();
    for (const std::int32_t item : items)
      score.slot_rewards.push_back(request.candidates[static_cast<std::size_t>(item)].brand == "a" ? .5f
                                                                                                   : -.25f);
    const auto price = [&](std::int32_t item) {
      return *request.candidates[static_cast<std::size_t>(item)].price;
    };
    score.page_reward =
        std::ranges::all_of(items, [&](auto item) { return price(items[0]) <= price(item); }) ? 1 : 0;
    TermScore& share = score.terms.emplace_back();
    share.name = "brand_a";
    for (const float slot : score.slot_rewards)
      share.slots_raw.push_back(slot > 0 ? 1.0F / static_cast<float>(items.size()) : 0.0F);
    scores.push_back(std::move(score));
  }
  return scores;
}

PpoConfig shop_config() {
  PpoConfig config;
  config.iterations = 3;
  config.requests = 16;
  config.samples = 2;
  config.lanes = 4;
  return config;
}

ShopRun::ShopRun(const PpoConfig& config, int threads, double learning_rate)
    : ShopRun(config, threads, alone_, {}, learning_rate) {}

namespace {

FlatParameters policy_parameters(const PageLanguage& language, int layers, const ShopNetworks& networks) {
  ModelConfig config = shop_model(language, layers);
  config.value_head = !networks.separate_critic;
  config.frozen_backbone = networks.lora.on();
  config.lora = networks.lora;
  FlatParameters parameters(config, networks.type, networks.device);
  parameters.initialise(5);
  return parameters;
}

/// What the policy was at the start, on the same frozen backbone.
FlatParameters reference_parameters(const FlatParameters& policy) {
  FlatParameters reference(policy.config().without_adapters(), policy.dtype(), policy.device(),
                           policy.frozen());
  reference.load_shared(policy.view());
  return reference;
}

std::unique_ptr<FlatParameters> critic_parameters(const FlatParameters& policy,
                                                  const ShopNetworks& networks) {
  if (!networks.separate_critic) return nullptr;
  CriticConfig critic;
  critic.lora = networks.critic_lora;
  auto parameters =
      std::make_unique<FlatParameters>(critic.model(policy.config()), networks.type, networks.device);
  parameters->initialise(6);
  return parameters;
}

}  // namespace

ShopRun::ShopRun(const PpoConfig& config, int threads, Communicator& learners, ShardingConfig sharding,
                 double learning_rate, int layers, const ShopNetworks& networks)
    : language_(shop_language()),
      requests_(shop_requests(40)),
      parameters_(policy_parameters(language_, layers, networks)),
      start_(reference_parameters(parameters_)),
      pool_(make_lane_pool(threads)),
      trainer_(learners, parameters_, {.learning_rate = learning_rate}, *pool_, config.lanes,
               config.policy_steps(), sharding),
      critic_parameters_(critic_parameters(parameters_, networks)),
      critic_(critic_parameters_
                  ? std::make_unique<Trainer>(learners, *critic_parameters_,
                                              OptimizerConfig{.learning_rate = networks.critic_rate}, *pool_,
                                              config.lanes, config.optimizer_steps(), sharding)
                  : nullptr),
      generator_(language_, parameters_),
      scorer_(language_, start_),
      source_(generator_, scorer_) {
  std::vector<const Request*> pointers;
  for (const Request& request : requests_) pointers.push_back(&request);
  pipeline_ = std::make_unique<Pipeline>(
      config, PipelineParts{language_, std::move(pointers), source_, trainer_, critic_.get()}, 9);
}

std::vector<IterationReport> ShopRun::run(std::optional<std::int64_t> until, PipelineHooks hooks) {
  std::vector<IterationReport> reports;
  hooks.on_report = [&](const IterationReport& report) { reports.push_back(report); };
  hooks.interrupted = [&] { return until && static_cast<std::int64_t>(reports.size()) >= *until; };
  pipeline_->run(hooks);
  return reports;
}

std::vector<KeyedRequest> ShopRun::keyed_requests(int count) const {
  std::vector<KeyedRequest> keyed;
  for (int i = 0; i < count; ++i) keyed.push_back({&requests_[static_cast<std::size_t>(i)], i});
  return keyed;
}

}  // namespace pagewright::shop_test
