#pragma once
// What a prompt may say of a candidate beyond the item itself: its price among the others' and what the user
// did to it.

#include <span>
#include <vector>

#include "core/page/request.hpp"

namespace pagewright {

struct CandidateFacts {
  double price_rank = 0;     ///< share of the candidates that are cheaper; NaN without a price
  int history_count = 0;     ///< actions on this id in the whole history
  int last_touched = -1;     ///< actions after the latest of these; -1 if there is none
  ActionKind last_action{};  ///< kind of the latest of these
};

/// price_rank of all candidates, [M].
void rank_prices(const Request& request, std::span<CandidateFacts> facts);
/// The other three of all candidates, [M].
void count_touches(const Request& request, std::span<CandidateFacts> facts);

}  // namespace pagewright
