#include "distributed/warmup/warmup_task.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <c10/core/InferenceMode.h>

#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/text_scores.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/likelihood_loss.hpp"

namespace pagewright {

namespace {

/// "Epoch" whose candidate orders and lessons the held-out pages see.
constexpr std::uint64_t kHeldOutEpoch = 1U << 30;
constexpr std::size_t kHeldOutChunk = 32;

struct EncodedExample {
  Prompt prompt;
  EncodedPage page;
  PageGrammar::Masks masks;
};

/// Sum of the weights of all tokens: 1 for each that is no item.
double token_weight(const WarmupLesson& lesson) {
  const auto structure = 2 * lesson.page.sections.size() + 1;
  return std::accumulate(lesson.slot_weights.begin(), lesson.slot_weights.end(),
                         static_cast<double>(structure));
}

}  // namespace

WarmupTask::WarmupTask(const PageLanguage& language, const FeedbackLog& log, std::vector<WarmupExample> train,
                       std::vector<WarmupExample> held_out, const WarmupConfig& config, std::uint64_t seed,
                       LanePool& pool)
    : language_(language),
      log_(log),
      train_(std::move(train)),
      held_out_(std::move(held_out)),
      config_(config),
      seed_(seed),
      pool_(pool) {
  begin_epoch(0);
  held_out_lessons_ = lessons_of(held_out_, kHeldOutEpoch);
  for (const WarmupLesson& lesson : held_out_lessons_) held_out_weight_ += token_weight(lesson);
}

const Request& WarmupTask::request_of(const WarmupExample& example) const {
  return log_.requests[static_cast<std::size_t>(example.request)].request;
}

std::vector<WarmupLesson> WarmupTask::lessons_of(const std::vector<WarmupExample>& examples,
                                                 std::uint64_t epoch) const {
  std::vector<WarmupLesson> lessons;
  for (const WarmupExample& example : examples)
    lessons.push_back(warmup_lesson(example, config_, language_.schema(), request_of(example), seed_, epoch));
  return lessons;
}

void WarmupTask::begin_epoch(int epoch) {
  epoch_ = epoch;
  lessons_ = lessons_of(train_, static_cast<std::uint64_t>(epoch));
  weights_.clear();
  for (const WarmupLesson& lesson : lessons_) weights_.push_back(token_weight(lesson));
}

at::Tensor WarmupTask::loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                            LaneSums&) const {
  return weighted_loss(weights, train_, lessons_, examples, static_cast<std::uint64_t>(epoch_));
}

at::Tensor WarmupTask::weighted_loss(const WeightsView& weights, const std::vector<WarmupExample>& examples,
                                     const std::vector<WarmupLesson>& lessons,
                                     std::span<const std::int64_t> chosen, std::uint64_t order_key) const {
  std::vector<EncodedExample> encoded;
  encoded.reserve(chosen.size());
  std::vector<PackedRequest> requests;
  std::vector<double> token_weights;
  for (const std::int64_t number : chosen) {
    const WarmupExample& example = examples[static_cast<std::size_t>(number)];
    const WarmupLesson& lesson = lessons[static_cast<std::size_t>(number)];
    const Request& request = request_of(example);
    CandidateOrder order =
        language_.candidate_order(request, order_key, static_cast<std::uint64_t>(example.request));
    const PageGrammar grammar = language_.grammar(request, order);
    EncodedPage page = language_.encode(order, lesson.page);
    PageGrammar::Masks masks = grammar.masks(page.tokens);
    const auto of_page =
        likelihood_weights(page.spans, static_cast<std::int64_t>(page.tokens.size()), lesson.slot_weights);
    token_weights.insert(token_weights.end(), of_page.begin(), of_page.end());
    encoded.push_back({language_.prompt(request, std::move(order)), std::move(page), std::move(masks)});
    requests.push_back({&encoded.back().prompt, {encoded.back().page.tokens}, {&encoded.back().masks}});
  }
  const PackedBatch packed = pack(language_.vocabulary(), requests, /*with_last_token=*/false);
  const at::Tensor hidden = hidden_states(weights, packed.batch);
  const at::Tensor log_prob = config_.vocabulary == WarmupVocabulary::whole
                                  ? whole_vocabulary_log_probs(weights, hidden, packed.targets)
                                  : layout_log_probs(weights, hidden, packed.targets).log_prob;
  return likelihood_loss(log_prob, token_weights, /*total_weight=*/1.0);
}

std::optional<double> WarmupTask::held_out_loss(const WeightsView& weights) {
  if (held_out_.empty()) return std::nullopt;
  const std::size_t chunks = (held_out_.size() + kHeldOutChunk - 1) / kHeldOutChunk;
  std::vector<double> losses(chunks);
  pool_.run(static_cast<int>(chunks), [&](int job) {
    const c10::InferenceMode no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * kHeldOutChunk;
    std::vector<std::int64_t> chosen(std::min(held_out_.size() - begin, kHeldOutChunk));
    std::iota(chosen.begin(), chosen.end(), static_cast<std::int64_t>(begin));
    losses[static_cast<std::size_t>(job)] =
        weighted_loss(weights, held_out_, held_out_lessons_, chosen, kHeldOutEpoch).item<double>();
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / held_out_weight_;
}

}  // namespace pagewright
