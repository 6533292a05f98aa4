#pragma once
// What a rollout worker sends: one sampled page with the log-probs it was sampled with.

#include <cstdint>
#include <string>
#include <vector>

#include "core/page/page_codec.hpp"

namespace pagewright {

/// Why a response ended; `text`: without the grammar, at a token of the base vocabulary.
enum class FinishReason { page_end, length, text };

struct Trajectory {
  std::int64_t request = 0;      ///< index into the iteration's request set
  int sample = 0;                ///< number of this sample of the request, from 0
  CandidateOrder order;          ///< [M] the order the policy saw
  std::vector<TokenId> tokens;   ///< [T] response tokens, page_end included
  std::vector<float> log_probs;  ///< [T] behaviour log-probs over the allowed sets, without a grammar
                                 ///< over the whole vocabulary (nats)
  Page page;                     ///< decoded
  PageSpans spans;
  std::string invalid_cause;  ///< empty for a page that the schema allows
  FinishReason finish = FinishReason::page_end;
  std::int64_t policy_version = 0;
};

}  // namespace pagewright
