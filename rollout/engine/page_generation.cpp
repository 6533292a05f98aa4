#include "rollout/engine/page_generation.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/model/allowed_softmax.hpp"
#include "core/page/page_codec.hpp"
#include "core/page/page_schema.hpp"
#include "rollout/engine/token_draw.hpp"

namespace pagewright {

PageGeneration::PageGeneration(const PageLanguage& language, const WeightsView& weights,
                               std::span<const KeyedRequest> requests, const SampleOptions& options)
    : language_(language),
      weights_(weights),
      requests_(requests),
      options_(options),
      length_limit_(language.schema().max_response_tokens() +
                    (options.constrained ? 0 : PageSchema::kUnconstrainedSlack)),
      temperature_(options.greedy ? 1.0 : options.temperature) {
  require(options.samples > 0, "generate: {} samples a request", options.samples);
  require(options.greedy || options.temperature > 0, "generate: temperature {} is not positive",
          options.temperature);
}

void PageGeneration::prepare_prompts() {
  for (const KeyedRequest& keyed : requests_) {
    const auto key = static_cast<std::uint64_t>(keyed.key);
    CandidateOrder order = language_.candidate_order(*keyed.request, options_.iteration, key);
    PromptState state;
    if (options_.constrained) state.grammar.emplace(language_.grammar(*keyed.request, order));
    state.prompt = language_.prompt(*keyed.request, std::move(order));
    prompts_.push_back(std::move(state));
  }
  for (std::size_t p = 0; p < prompts_.size(); ++p)
    for (int sample = 0; sample < options_.samples; ++sample) {
      Stream stream;
      stream.prompt = static_cast<std::int32_t>(p);
      stream.sample = sample;
      if (prompts_[p].grammar) stream.state = prompts_[p].grammar->start();
      streams_.push_back(std::move(stream));
    }
}

void PageGeneration::prepare_model() {
  std::vector<DecodePrompt> prompts;
  std::vector<std::int32_t> stream_prompt;
  std::size_t most = 0;
  for (const PromptState& state : prompts_) {
    prompts.push_back({&state.prompt.tokens, state.prompt.candidate_position});
    most = std::max(most, state.prompt.candidate_position.size());
  }
  for (const Stream& stream : streams_) stream_prompt.push_back(stream.prompt);
  const LayoutVocabulary& vocabulary = language_.vocabulary();
  columns_ = options_.constrained ? vocabulary.structure_size() + static_cast<std::int64_t>(most)
                                  : static_cast<std::int64_t>(vocabulary.layout_size());
  stride_ = columns_ + (options_.constrained ? 0 : 1);
  if (!options_.constrained) text_.emplace(weights_, temperature_);
  decoder_ = make_layout_decoder(weights_, prompts, stream_prompt, length_limit_ - 1, columns_);
}

PageGeneration::StepRows PageGeneration::prompt_rows(std::span<const std::int32_t> open) const {
  StepRows rows{prompts_.size(), {}};
  for (const std::int32_t s : open) rows.row_of.push_back(streams_[static_cast<std::size_t>(s)].prompt);
  return rows;
}

void PageGeneration::find_allowed(std::span<const std::int32_t> open) {
  allowed_.clear();
  allowed_offsets_.assign(1, 0);
  std::vector<std::int32_t> set;
  for (const std::int32_t s : open) {
    const Stream& stream = streams_[static_cast<std::size_t>(s)];
    const auto& grammar = prompts_[static_cast<std::size_t>(stream.prompt)].grammar;
    if (grammar) {
      grammar->allowed(stream.state, set);
    } else {
      set.resize(static_cast<std::size_t>(stride_));
      std::iota(set.begin(), set.end(), 0);
    }
    allowed_.insert(allowed_.end(), set.begin(), set.end());
    allowed_offsets_.push_back(static_cast<std::int32_t>(allowed_.size()));
  }
}

/// Scores each row from which a stream has a choice; a forced token needs no score.
void PageGeneration::score_rows(std::span<const std::int32_t> open, const StepRows& rows) {
  logits_row_.assign(rows.count, -1);
  std::vector<std::int32_t> scored, prompts;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.row_of[i]);
    if (allowed_offsets_[i + 1] - allowed_offsets_[i] < 2 || logits_row_[row] >= 0) continue;
    logits_row_[row] = static_cast<std::int32_t>(prompts.size());
    scored.push_back(rows.row_of[i]);
    prompts.push_back(streams_[static_cast<std::size_t>(open[i])].prompt);
  }
  logits_.resize(prompts.size() * static_cast<std::size_t>(stride_));
  if (prompts.empty()) return;
  decoder_->score(scored, prompts, logits_.data());
  if (text_) text_->add_column(decoder_->hidden(scored), columns_, logits_);
}

/// Random numbers of a stream at a position of its response.
CounterRandom PageGeneration::random_of(const Stream& stream, std::size_t position) const {
  const auto key = static_cast<std::uint64_t>(requests_[static_cast<std::size_t>(stream.prompt)].key);
  return CounterRandom(options_.seed, RandomStream::sampling, options_.iteration, key,
                       static_cast<std::uint64_t>(stream.sample), position);
}

std::size_t PageGeneration::pick(const Stream& stream, std::int32_t logits_row) const {
  if (!options_.greedy) {
    CounterRandom random = random_of(stream, stream.tokens.size());
    return draw_entry(log_probs_, random);
  }
  if (!text_) return largest_entry(log_probs_);
  // Text is many tokens: its likeliest one counts.
  const std::size_t best = largest_entry(std::span(log_probs_).first(log_probs_.size() - 1));
  const float logit = logits_[static_cast<std::size_t>(logits_row * stride_) + best];
  return text_->is_likelier(logits_row, logit) ? log_probs_.size() - 1 : best;
}

bool PageGeneration::note_first_slot(const Stream& stream, std::span<const std::int32_t> allowed,
                                     std::span<const float> log_probs) {
  const int structure = language_.vocabulary().structure_size();
  if (!first_slot_only_ || allowed.back() < structure) return false;
  const auto p = static_cast<std::size_t>(stream.prompt);
  const CandidateOrder& order = prompts_[p].prompt.order;
  first_slots_[p].assign(order.size(), -std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < allowed.size(); ++i)
    if (allowed[i] >= structure)
      first_slots_[p][static_cast<std::size_t>(order[static_cast<std::size_t>(allowed[i] - structure)])] =
          log_probs[i];
  return true;
}

void PageGeneration::choose(std::int32_t index, std::span<const std::int32_t> allowed,
                            std::int32_t logits_row) {
  Stream& stream = streams_[static_cast<std::size_t>(index)];
  log_probs_.assign(allowed.size(), 0.0f);
  if (allowed.size() > 1)
    allowed_log_softmax_row(logits_.data() + logits_row * stride_, allowed, static_cast<float>(temperature_),
                            log_probs_.data());
  if (note_first_slot(stream, allowed, log_probs_)) {
    stream.open = false;
    return;
  }
  const std::size_t chosen = allowed.size() > 1 ? pick(stream, logits_row) : 0;
  if (allowed[chosen] == columns_) return say_text(stream, logits_row);
  const TokenId token = language_.vocabulary().layout_begin() + allowed[chosen];
  stream.tokens.push_back(token);
  stream.log_probs.push_back(log_probs_[chosen]);
  const auto& grammar = prompts_[static_cast<std::size_t>(stream.prompt)].grammar;
  if (grammar) grammar->advance(stream.state, token);
  if (token == language_.vocabulary().page_end()) stream.finish = FinishReason::page_end;
  stream.open = stream.finish != FinishReason::page_end && std::ssize(stream.tokens) < length_limit_;
}

/// Ends a page with a token of the base vocabulary.
void PageGeneration::say_text(Stream& stream, std::int32_t logits_row) {
  CounterRandom random = random_of(stream, stream.tokens.size() + 1);
  const TextOutcome::Token token =
      options_.greedy ? text_->likeliest(logits_row) : text_->draw(logits_row, random);
  stream.tokens.push_back(token.id);
  stream.log_probs.push_back(log_probs_.back() + token.log_prob);
  stream.finish = FinishReason::text;
  stream.open = false;
}

TokenBags PageGeneration::next_inputs(std::span<const std::int32_t> open) const {
  TokenBags inputs;
  for (const std::int32_t s : open) {
    const Stream& stream = streams_[static_cast<std::size_t>(s)];
    const TokenBags one =
        response_input(language_.vocabulary(), prompts_[static_cast<std::size_t>(stream.prompt)].prompt,
                       std::span(stream.tokens).last(1));
    inputs.push(one.at(0));
  }
  return inputs;
}

void PageGeneration::run() {
  prepare_prompts();
  prepare_model();
  std::vector<std::int32_t> open(streams_.size());
  std::iota(open.begin(), open.end(), 0);
  StepRows rows = prompt_rows(open);
  while (true) {
    find_allowed(open);
    score_rows(open, rows);
    for (std::size_t i = 0; i < open.size(); ++i) {
      const auto begin = static_cast<std::size_t>(allowed_offsets_[i]);
      const auto end = static_cast<std::size_t>(allowed_offsets_[i + 1]);
      const std::int32_t row = logits_row_[static_cast<std::size_t>(rows.row_of[i])];
      choose(open[i], std::span(allowed_).subspan(begin, end - begin), row);
    }
    std::erase_if(open, [this](std::int32_t s) { return !streams_[static_cast<std::size_t>(s)].open; });
    if (open.empty()) return;
    decoder_->step(open, next_inputs(open));
    rows.count = open.size();
    rows.row_of.resize(open.size());
    std::iota(rows.row_of.begin(), rows.row_of.end(), 0);
  }
}

Trajectory PageGeneration::trajectory(Stream&& stream) const {
  const auto p = static_cast<std::size_t>(stream.prompt);
  Trajectory t;
  t.request = requests_[p].key;
  t.sample = stream.sample;
  t.order = prompts_[p].prompt.order;
  t.tokens = std::move(stream.tokens);
  t.log_probs = std::move(stream.log_probs);
  DecodedPage decoded = language_.decode(t.order, t.tokens);
  t.page = std::move(decoded.page);
  t.spans = std::move(decoded.spans);
  t.invalid_cause = std::move(decoded.problem);
  if (t.invalid_cause.empty()) {
    const std::vector<std::string> broken =
        page_violations(language_.schema(), *requests_[p].request, t.page);
    if (!broken.empty()) t.invalid_cause = broken.front();
  }
  t.finish = stream.finish;
  t.policy_version = weights_.version();
  return t;
}

std::vector<Trajectory> PageGeneration::pages() {
  if (requests_.empty()) return {};
  run();
  std::vector<Trajectory> result;
  result.reserve(streams_.size());
  for (Stream& stream : streams_) result.push_back(trajectory(std::move(stream)));
  return result;
}

std::vector<std::vector<double>> PageGeneration::first_slot_scores() {
  if (requests_.empty()) return {};
  require(options_.constrained, "first-slot scores are those of pages under the grammar");
  options_.greedy = true;
  temperature_ = 1;
  options_.samples = 1;
  first_slot_only_ = true;
  first_slots_.resize(requests_.size());
  run();
  return std::move(first_slots_);
}

}  // namespace pagewright
