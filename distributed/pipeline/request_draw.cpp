#include "distributed/pipeline/request_draw.hpp"

#include <numeric>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"

namespace pagewright {

RequestDraw::RequestDraw(std::vector<const Request*> requests, int per_iteration, std::uint64_t seed)
    : requests_(std::move(requests)), per_iteration_(static_cast<std::uint64_t>(per_iteration)), seed_(seed) {
  require(!requests_.empty(), "there is no request to train on");
  require(per_iteration >= 1, "an iteration needs at least one request");
}

const std::vector<std::uint32_t>& RequestDraw::order_of_pass(std::uint64_t pass) {
  if (!order_.empty() && pass_ == pass) return order_;
  order_.resize(requests_.size());
  std::iota(order_.begin(), order_.end(), 0u);
  CounterRandom(seed_, RandomStream::request_draw, pass).shuffle(std::span(order_));
  pass_ = pass;
  return order_;
}

std::vector<KeyedRequest> RequestDraw::draw(std::uint64_t iteration) {
  std::vector<KeyedRequest> drawn;
  for (std::uint64_t i = 0; i < per_iteration_; ++i) {
    const std::uint64_t place = iteration * per_iteration_ + i;
    const auto& order = order_of_pass(place / requests_.size());
    drawn.push_back({requests_[order[place % requests_.size()]], static_cast<std::int64_t>(i)});
  }
  return drawn;
}

}  // namespace pagewright
