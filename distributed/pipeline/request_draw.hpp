#pragma once
// Step 1 of an iteration: which requests it takes.

#include <cstdint>
#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"

namespace pagewright {

/// Draws without replacement: every pass over the requests takes each once, in an order that is a pure
/// function of (seed, pass). An iteration may end one pass and begin the next.
class RequestDraw {
 public:
  /// The requests must outlive the draw. Throws Error if there are none, or if `per_iteration` does not
  /// divide by `lanes`.
  RequestDraw(std::vector<const Request*> requests, int per_iteration, int lanes, std::uint64_t seed);

  /// The requests that an iteration (from 0) takes in the given lanes, lane after lane; `key` is the place
  /// among the requests of all lanes. Every rank draws for itself: nothing need be sent.
  std::vector<KeyedRequest> draw(std::uint64_t iteration, std::span<const int> lanes);

 private:
  const std::vector<std::uint32_t>& order_of_pass(std::uint64_t pass);

  std::vector<const Request*> requests_;
  std::uint64_t per_iteration_;
  std::uint64_t per_lane_;
  std::uint64_t seed_;
  std::uint64_t pass_ = 0;
  std::vector<std::uint32_t> order_;  ///< of `pass_`; empty before the first draw
};

}  // namespace pagewright
