#pragma once
// A request rendered for the model.

#include <cstdint>
#include <vector>

#include "core/page/token_bags.hpp"

namespace pagewright {

/// The order in which a policy sees the candidates: position j of the prompt (token <item:j>) is
/// request.candidates[order[j]]. A permutation of [0, M).
using CandidateOrder = std::vector<std::int32_t>;

/// A rendered prompt. The last position is page_start; the first response token is predicted from it.
struct Prompt {
  TokenBags tokens;
  CandidateOrder order;                          ///< [M]
  std::vector<std::int32_t> candidate_position;  ///< [M] by place j in `order`: last position before the next
                                                 ///< candidate, or before page_start
  /// [M] by place j: ids to add to the pointer token when the candidate is placed (its field tokens); empty
  /// bags when placed items carry no features.
  TokenBags candidate_fields;
  bool shortened = false;  ///< actions were left out or candidates' words cut to fit the model's context
};

}  // namespace pagewright
