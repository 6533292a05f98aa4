#pragma once
// Packs prompts and responses into a Batch with its scored rows: one prompt segment a request, one response
// segment a sample.

#include <span>
#include <vector>

#include "core/iteration/batch.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// The first tokens of a response that are those of an earlier response of the same request, which shares
/// none itself. They are computed once.
struct SharedPrefix {
  std::int32_t sample = -1;  ///< number of that response; -1: nothing is shared
  std::int32_t tokens = 0;
};

/// One request with the responses that share its prompt. Pointers must outlive the call.
struct PackedRequest {
  const Prompt* prompt = nullptr;
  std::vector<std::span<const TokenId>> responses;  ///< [samples][T]
  std::vector<const PageGrammar::Masks*> masks;     ///< [samples]; empty: every layout token allowed
  std::vector<SharedPrefix> shared = {};            ///< [samples]; empty: nothing is shared
};

struct PackedBatch {
  Batch batch;
  TargetRows targets;                           ///< rows in request, sample, token order
  std::vector<std::int32_t> sample_offsets{0};  ///< [samples + 1] target rows of each sample
  /// Input rows of each sample's response tokens (row at which token t itself is the input), [samples][T]
  /// concatenated, same offsets as `sample_offsets`; rewards of reward models are read here. -1 where the
  /// token is not an input. Rows of a shared prefix are those of the response that it is shared with.
  std::vector<std::int64_t> token_row;
};

/// `with_last_token`: whether the last response token is fed as an input too (reward models read the page end
/// there).
PackedBatch pack(const LayoutVocabulary& vocabulary, std::span<const PackedRequest> requests,
                 bool with_last_token);

}  // namespace pagewright
