#include "distributed/warmup/warmup_task.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <c10/core/InferenceMode.h>

#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/likelihood_loss.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kHeldOutOrder = 1U
                                        << 30;  ///< "iteration" whose candidate orders the held-out pages see
constexpr std::size_t kHeldOutChunk = 32;

struct EncodedExample {
  Prompt prompt;
  EncodedPage page;
  PageGrammar::Masks masks;
};

}  // namespace

WarmupTask::WarmupTask(const PageLanguage& language, const FeedbackLog& log, std::vector<WarmupExample> train,
                       std::vector<WarmupExample> held_out, double unengaged_weight, LanePool& pool)
    : language_(language),
      log_(log),
      train_(std::move(train)),
      held_out_(std::move(held_out)),
      unengaged_weight_(unengaged_weight),
      pool_(pool) {
  for (const WarmupExample& example : train_) weights_.push_back(token_weight(example, unengaged_weight));
  for (const WarmupExample& example : held_out_) held_out_tokens_ += token_weight(example, 1.0);
}

double WarmupTask::token_weight(const WarmupExample& example, double unengaged_weight) const {
  const std::size_t candidates =
      log_.requests[static_cast<std::size_t>(example.request)].request.candidates.size();
  CandidateOrder order(candidates);
  std::iota(order.begin(), order.end(), 0);
  const EncodedPage page = language_.encode(order, example.target);
  const auto weights = likelihood_weights(page.spans, static_cast<std::int64_t>(page.tokens.size()),
                                          example.engaged, unengaged_weight);
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

at::Tensor WarmupTask::loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                            LaneSums&) const {
  std::vector<const WarmupExample*> chosen;
  for (std::int64_t example : examples) chosen.push_back(&train_[static_cast<std::size_t>(example)]);
  return weighted_loss(weights, chosen, unengaged_weight_, static_cast<std::uint64_t>(epoch_));
}

at::Tensor WarmupTask::weighted_loss(const WeightsView& weights,
                                     std::span<const WarmupExample* const> examples, double unengaged_weight,
                                     std::uint64_t order_key) const {
  std::vector<EncodedExample> encoded;
  encoded.reserve(examples.size());
  std::vector<PackedRequest> requests;
  std::vector<double> token_weights;
  for (const WarmupExample* example : examples) {
    const Request& request = log_.requests[static_cast<std::size_t>(example->request)].request;
    CandidateOrder order =
        language_.candidate_order(request, order_key, static_cast<std::uint64_t>(example->request));
    const PageGrammar grammar = language_.grammar(request, order);
    EncodedPage page = language_.encode(order, example->target);
    PageGrammar::Masks masks = grammar.masks(page.tokens);
    const auto of_page = likelihood_weights(page.spans, static_cast<std::int64_t>(page.tokens.size()),
                                            example->engaged, unengaged_weight);
    token_weights.insert(token_weights.end(), of_page.begin(), of_page.end());
    encoded.push_back({language_.prompt(request, std::move(order)), std::move(page), std::move(masks)});
    requests.push_back({&encoded.back().prompt, {encoded.back().page.tokens}, {&encoded.back().masks}});
  }
  const PackedBatch packed = pack(language_.vocabulary(), requests, /*with_last_token=*/false);
  const at::Tensor hidden = hidden_states(weights, packed.batch);
  const LayoutLogProbs log_probs = layout_log_probs(weights, hidden, packed.targets);
  return likelihood_loss(log_probs.log_prob, token_weights, /*total_weight=*/1.0);
}

double WarmupTask::held_out_loss(const WeightsView& weights) {
  if (held_out_.empty()) return 0;
  const std::size_t chunks = (held_out_.size() + kHeldOutChunk - 1) / kHeldOutChunk;
  std::vector<double> losses(chunks);
  pool_.run(static_cast<int>(chunks), [&](int job) {
    const c10::InferenceMode no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * kHeldOutChunk;
    std::vector<const WarmupExample*> chosen;
    for (std::size_t i = begin; i < std::min(held_out_.size(), begin + kHeldOutChunk); ++i)
      chosen.push_back(&held_out_[i]);
    losses[static_cast<std::size_t>(job)] = weighted_loss(weights, chosen, 1.0, kHeldOutOrder).item<double>();
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / held_out_tokens_;
}

}  // namespace pagewright
