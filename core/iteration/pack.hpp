#pragma once
// Packs prompts and responses into a Batch with its scored rows: one prompt segment a request, one response
// segment a sample.

#include <span>
#include <vector>

#include "core/iteration/batch.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// One request with the responses that share its prompt. Pointers must outlive the call.
struct PackedRequest {
  const Prompt* prompt = nullptr;
  std::vector<std::span<const TokenId>> responses;  ///< [samples][T]
  std::vector<const PageGrammar::Masks*> masks;     ///< [samples]; empty: every layout token allowed
};

struct PackedBatch {
  Batch batch;
  TargetRows targets;                           ///< rows in request, sample, token order
  std::vector<std::int32_t> sample_offsets{0};  ///< [samples + 1] target rows of each sample
  /// Input rows of each sample's response tokens (row at which token t itself is the input), [samples][T]
  /// concatenated, same offsets as `sample_offsets`; rewards of reward models are read here. -1 where the
  /// token is not an input.
  std::vector<std::int64_t> token_row;
};

/// `with_last_token`: whether the last response token is fed as an input too (reward models read the page end
/// there).
PackedBatch pack(const LayoutVocabulary& vocabulary, std::span<const PackedRequest> requests,
                 bool with_last_token);

}  // namespace pagewright
