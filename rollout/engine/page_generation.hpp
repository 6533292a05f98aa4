#pragma once
// Pages of a chunk of requests, all samples side by side: one prefill per prompt, then one decoding step per
// token.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/model/layout_decoder.hpp"
#include "core/page/page_language.hpp"
#include "rollout/engine/text_outcome.hpp"

namespace pagewright {

/// One run over a chunk of requests; used once. A page depends on its request, the weights and the options
/// alone, not on the chunk (Note [Row invariance]). References must outlive it.
class PageGeneration {
 public:
  PageGeneration(const PageLanguage& language, const WeightsView& weights,
                 std::span<const KeyedRequest> requests, const SampleOptions& options);

  /// [requests * samples] in request-major order.
  std::vector<Trajectory> pages();
  /// Log-prob of each candidate at the first item position of the greedy page, [requests][M] by index into
  /// Request::candidates; -infinity where the grammar forbids the item there.
  std::vector<std::vector<double>> first_slot_scores();

 private:
  struct PromptState {
    Prompt prompt;
    std::optional<PageGrammar> grammar;  ///< none when unconstrained
  };
  struct Stream {
    std::int32_t prompt = 0;
    int sample = 0;
    PageGrammar::State state;
    std::vector<TokenId> tokens;
    std::vector<float> log_probs;
    FinishReason finish = FinishReason::length;
    bool open = true;
  };
  /// Rows of the decoder in one step: row_of[i] is the row of open stream i.
  struct StepRows {
    std::size_t count = 0;
    std::vector<std::int32_t> row_of;
  };

  void prepare_prompts();
  void prepare_model();
  void run();
  StepRows prompt_rows(std::span<const std::int32_t> open) const;
  void find_allowed(std::span<const std::int32_t> open);
  void score_rows(std::span<const std::int32_t> open, const StepRows& rows);
  CounterRandom random_of(const Stream& stream, std::size_t position) const;
  std::size_t pick(const Stream& stream, std::int32_t logits_row) const;
  void choose(std::int32_t stream, std::span<const std::int32_t> allowed, std::int32_t logits_row);
  void say_text(Stream& stream, std::int32_t logits_row);
  bool note_first_slot(const Stream& stream, std::span<const std::int32_t> allowed,
                       std::span<const float> log_probs);
  TokenBags next_inputs(std::span<const std::int32_t> open) const;
  Trajectory trajectory(Stream&& stream) const;

  const PageLanguage& language_;
  const WeightsView& weights_;
  std::span<const KeyedRequest> requests_;
  SampleOptions options_;
  int length_limit_;
  double temperature_;  ///< of log-probs
  bool first_slot_only_ = false;

  std::vector<PromptState> prompts_;
  std::vector<Stream> streams_;
  std::unique_ptr<LayoutDecoder> decoder_;
  std::optional<TextOutcome> text_;  ///< without a grammar
  std::int64_t columns_ = 0;         ///< layout tokens that are scored
  std::int64_t stride_ = 0;  ///< columns_, and without a grammar one for text (Note [Text as one outcome])
  std::vector<std::vector<double>> first_slots_;  ///< [requests][M]

  // Of the step at hand.
  std::vector<float> logits_, log_probs_;                ///< [scored rows, stride_], [allowed of a stream]
  std::vector<std::int32_t> logits_row_;                 ///< [hidden rows] row of `logits_`, -1: not scored
  std::vector<std::int32_t> allowed_, allowed_offsets_;  ///< by open stream
};

}  // namespace pagewright
