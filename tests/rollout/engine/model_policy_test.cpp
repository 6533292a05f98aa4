#include "rollout/engine/model_policy.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>

#include "core/base/error.hpp"
#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer.hpp"
#include "core/page/page_codec.hpp"
#include "rollout/engine/page_generation.hpp"
#include "tests/rollout/engine/policy_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::policy_test {
namespace {

/// The request of each trajectory, for Policy::log_probs.
std::vector<KeyedRequest> per_page(const std::vector<KeyedRequest>& requests, int samples) {
  std::vector<KeyedRequest> result;
  for (const KeyedRequest& request : requests)
    result.insert(result.end(), static_cast<std::size_t>(samples), request);
  return result;
}

std::vector<std::vector<TokenId>> tokens_of(const std::vector<Trajectory>& pages) {
  std::vector<std::vector<TokenId>> result;
  for (const Trajectory& page : pages) result.push_back(page.tokens);
  return result;
}

/// A policy over requests of its own.
struct Fixture {
  explicit Fixture(int count, std::uint64_t seed, int threads = 2,
                   LayoutHeadKind head = LayoutHeadKind::pointer)
      : requests(small_requests(count, seed)),
        keys(keyed(requests)),
        weights(small_weights(language, seed + 50, head)),
        pool(threads),
        policy(language, [this] { return weights; }, pool, "policy") {}
  PageLanguage language = small_language();
  std::vector<Request> requests;
  std::vector<KeyedRequest> keys;
  WeightsView weights;
  LanePool pool;
  ModelPolicy policy;
};

void check_page(const Fixture& f, const Trajectory& page, const KeyedRequest& request,
                std::uint64_t iteration) {
  CHECK(page.request == request.key);
  CHECK(page.invalid_cause.empty());
  CHECK(page.finish == FinishReason::page_end);
  CHECK(page.policy_version == 17);
  CHECK(page.order ==
        f.language.candidate_order(*request.request, iteration, static_cast<std::uint64_t>(request.key)));
  CHECK(f.language.encode(page.order, page.page).tokens == page.tokens);
  CHECK(f.language.encode(page.order, page.page).spans == page.spans);
}

}  // namespace

TEST_CASE("generated pages are valid and their log-probs are those of the full forward, bit for bit") {
  for (const LayoutHeadKind head : {LayoutHeadKind::pointer, LayoutHeadKind::tokens}) {
    Fixture f(21, 1, 2, head);
    SampleOptions options;
    options.samples = 3;
    options.seed = 7;
    options.iteration = 4;
    for (const bool greedy : {false, true}) {
      options.greedy = greedy;
      const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
      REQUIRE(pages.size() == 63);
      const auto log_probs = f.policy.log_probs(per_page(f.keys, 3), pages);
      for (std::size_t i = 0; i < pages.size(); ++i) {
        check_page(f, pages[i], f.keys[i / 3], 4);
        CHECK(pages[i].sample == static_cast<int>(i % 3));
        CHECK(pages[i].log_probs == log_probs[i]);
      }
    }
  }
}

TEST_CASE("pages do not depend on threads or on the requests beside them") {
  Fixture f(9, 3, 1);
  LanePool three(3);
  ModelPolicy side_by_side(f.language, [&] { return f.weights; }, three, "three");
  SampleOptions options;
  options.samples = 2;
  options.seed = 9;
  const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
  CHECK(tokens_of(side_by_side.generate(f.keys, options)) == tokens_of(pages));
  for (std::size_t i = 0; i < f.keys.size(); ++i) {
    const std::vector<Trajectory> single = f.policy.generate(std::span(f.keys).subspan(i, 1), options);
    CHECK(single[0].log_probs == pages[2 * i].log_probs);
    CHECK(single[1].tokens == pages[2 * i + 1].tokens);
  }
}

TEST_CASE("weights that keep their transposes are turned once and give the same bits, call after call") {
  Fixture f(9, 4);
  const WeightsView kept = f.weights.keeping_turned();
  const std::string name = "model.layers.1.mlp.up_proj.weight";
  const at::Tensor first = kept.turned(name, at::kFloat);
  CHECK(first.equal(f.weights.at(name).t()));
  CHECK(first.is_contiguous());
  CHECK(WeightsView(kept).turned(name, at::kFloat).is_same(first));
  CHECK_FALSE(f.weights.turned(name, at::kFloat).is_same(f.weights.turned(name, at::kFloat)));
  CHECK(kept.turned(name, at::kDouble).equal(first.to(at::kDouble)));

  ModelPolicy keeping(f.language, [&] { return kept; }, f.pool, "keeping");
  SampleOptions options;
  options.samples = 2;
  const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
  for (int call = 0; call < 2; ++call) {
    const std::vector<Trajectory> others = keeping.generate(f.keys, options);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      CHECK(others[i].tokens == pages[i].tokens);
      CHECK(others[i].log_probs == pages[i].log_probs);
    }
  }
}

TEST_CASE("forced tokens have log-prob exactly 0") {
  Fixture f(6, 5);
  int forced = 0;
  for (const Trajectory& page : f.policy.generate(f.keys, {})) {
    const Request& request = f.requests[static_cast<std::size_t>(page.request - 100)];
    const PageGrammar::Masks masks = f.language.grammar(request, page.order).masks(page.tokens);
    for (std::size_t t = 0; t < page.tokens.size(); ++t)
      if (masks.offsets[t + 1] - masks.offsets[t] == 1) {
        ++forced;
        CHECK(page.log_probs[t] == 0.0f);
      }
  }
  CHECK(forced > 0);
}

TEST_CASE("samples follow their probabilities") {
  Fixture f(1, 8);
  for (const double temperature : {1.0, 0.5}) {
    SampleOptions options;
    options.samples = 4000;
    options.temperature = temperature;
    std::map<std::vector<TokenId>, std::pair<int, double>> prefixes;  // count and probability of two tokens
    for (const Trajectory& page : f.policy.generate(f.keys, options)) {
      auto& entry = prefixes[{page.tokens[0], page.tokens[1]}];
      ++entry.first;
      entry.second = std::exp(double(page.log_probs[0]) + double(page.log_probs[1]));
    }
    double total = 0;
    for (const auto& [tokens, entry] : prefixes) {
      const double p = entry.second, spread = std::sqrt(4000 * p * (1 - p));
      CHECK(std::abs(entry.first - 4000 * p) < 5 * spread + 1);
      total += p;
    }
    CHECK(prefixes.size() > 3);
    CHECK(total > 0.99);
    CHECK(total < 1.0 + 1e-5);
  }
}

TEST_CASE("first-slot scores rank all candidates, and the greedy page starts with the first of them") {
  Fixture f(5, 10);
  SampleOptions options;
  options.greedy = true;
  const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
  const auto scores = f.policy.first_slot_scores(f.keys);
  REQUIRE(scores.size() == 5);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    REQUIRE(scores[i].size() == f.requests[i].candidates.size());
    const SlotSpan& slot = pages[i].spans.slots[0];
    CHECK(std::ranges::max_element(scores[i]) - scores[i].begin() == slot.candidate);
    CHECK(scores[i][static_cast<std::size_t>(slot.candidate)] ==
          pages[i].log_probs[static_cast<std::size_t>(slot.token)]);
    double sum = 0;
    for (const double score : scores[i]) sum += std::exp(score);
    CHECK(sum == Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("without the grammar invalid pages come with their cause") {
  Fixture f(40, 12);
  SampleOptions options;
  options.constrained = false;
  options.samples = 12;
  int invalid = 0, cut = 0, text = 0, unknown = 0;
  for (const Trajectory& page : f.policy.generate(f.keys, options)) {
    const DecodedPage decoded = f.language.decode(page.order, page.tokens);
    CHECK((decoded.problem.empty() || page.invalid_cause == decoded.problem));
    CHECK(std::ssize(page.tokens) <= f.language.schema().max_response_tokens() + 8);
    CHECK((page.finish == FinishReason::page_end || !page.invalid_cause.empty()));
    CHECK((page.finish == FinishReason::text) ==
          (page.tokens.back() < f.language.vocabulary().layout_begin()));
    const std::span<const TokenId> before = std::span(page.tokens).first(page.tokens.size() - 1);
    if (page.finish == FinishReason::text && f.language.decode(page.order, before).problem == "truncated") {
      CHECK(page.invalid_cause == "unknown_token");
      ++unknown;
    }
    invalid += page.invalid_cause.empty() ? 0 : 1;
    cut += page.finish == FinishReason::length ? 1 : 0;
    text += page.finish == FinishReason::text ? 1 : 0;
  }
  CHECK(invalid > 240);
  CHECK(cut > 0);
  CHECK(unknown > 0);
}

/// Log-softmax of the whole vocabulary before each token of a page, [T, vocab_size], by the full forward
/// pass.
at::Tensor free_log_probs(const Fixture& f, const KeyedRequest& request, const Trajectory& page,
                          double temperature) {
  const Prompt prompt = f.language.prompt(*request.request, page.order);
  std::vector<TokenId> tokens = page.tokens;
  // Text is no input of the page language, and nothing follows it.
  tokens.back() = f.language.vocabulary().page_end();
  const PackedBatch packed =
      pack(f.language.vocabulary(), std::vector<PackedRequest>{{&prompt, {tokens}, {}}}, false);
  const at::Tensor hidden = hidden_states(f.weights, packed.batch);
  const at::Tensor base = lm_logits(f.weights, gather_rows(hidden, packed.targets.row))
                              .narrow(1, 0, f.language.vocabulary().layout_begin());
  const at::Tensor logits = at::cat({base, layout_logits(f.weights, hidden, packed.targets)}, 1);
  return at::log_softmax(logits / temperature, 1);
}

TEST_CASE("without the grammar log-probs are those of a softmax over the whole vocabulary") {
  for (const LayoutHeadKind head : {LayoutHeadKind::pointer, LayoutHeadKind::tokens})
    for (const bool greedy : {false, true}) {
      Fixture f(30, 15, 2, head);
      SampleOptions options;
      options.constrained = false;
      options.greedy = greedy;
      options.temperature = 0.8;
      const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
      for (std::size_t i = 0; i < pages.size(); ++i) {
        const at::Tensor expected = free_log_probs(f, f.keys[i], pages[i], greedy ? 1.0 : 0.8);
        for (std::size_t t = 0; t < pages[i].tokens.size(); ++t) {
          const at::Tensor row = expected[static_cast<std::int64_t>(t)];
          CHECK(pages[i].log_probs[t] == Approx(row[pages[i].tokens[t]].item<float>()).margin(1e-5));
          if (greedy) CHECK(at::argmax(row).item<std::int64_t>() == pages[i].tokens[t]);
        }
      }
    }
}

TEST_CASE("without the grammar first tokens come as often as their probabilities say") {
  Fixture f(1, 16, 2, LayoutHeadKind::tokens);
  SampleOptions options;
  options.constrained = false;
  options.samples = 4000;
  const std::vector<Trajectory> pages = f.policy.generate(f.keys, options);
  const at::Tensor log_probs = free_log_probs(f, f.keys[0], pages[0], 1.0)[0];
  std::map<TokenId, int> count;
  for (const Trajectory& page : pages) ++count[page.tokens.front()];
  double chi_square = 0;
  const std::int64_t tokens = log_probs.size(0);
  for (std::int64_t token = 0; token < tokens; ++token) {
    const double expected = 4000 * std::exp(log_probs[token].item<double>());
    const double seen = count[static_cast<TokenId>(token)];
    chi_square += (seen - expected) * (seen - expected) / expected;
  }
  const double freedom = static_cast<double>(tokens - 1);
  INFO("chi-square " << chi_square << " with " << freedom << " degrees of freedom");
  CHECK(chi_square < freedom + 4 * std::sqrt(2 * freedom));
}

TEST_CASE("a model of another language is refused") {
  Fixture f(1, 14);
  ModelConfig other = f.weights.config();
  other.layout_begin -= 1;
  f.weights = WeightsView(std::make_shared<ModelConfig>(other),
                          std::make_shared<WeightsView::Tensors>(f.weights.tensors()), 0);
  std::string message;
  try {
    f.policy.generate(f.keys, {});
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("schema and template must be those of the training") != std::string::npos);
}

}  // namespace pagewright::policy_test
