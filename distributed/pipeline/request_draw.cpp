#include "distributed/pipeline/request_draw.hpp"

#include <numeric>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "distributed/topology.hpp"

namespace pagewright {

RequestDraw::RequestDraw(std::vector<const Request*> requests, int per_iteration, int lanes,
                         std::uint64_t seed)
    : requests_(std::move(requests)),
      per_iteration_(static_cast<std::uint64_t>(per_iteration)),
      per_lane_(static_cast<std::uint64_t>(per_iteration / lanes)),
      seed_(seed) {
  require(!requests_.empty(), "there is no request to train on");
  requests_per_lane_and_mini_batch(per_iteration, lanes, 1);
}

const std::vector<std::uint32_t>& RequestDraw::order_of_pass(std::uint64_t pass) {
  if (!order_.empty() && pass_ == pass) return order_;
  order_.resize(requests_.size());
  std::iota(order_.begin(), order_.end(), 0u);
  CounterRandom(seed_, RandomStream::request_draw, pass).shuffle(std::span(order_));
  pass_ = pass;
  return order_;
}

std::vector<KeyedRequest> RequestDraw::draw(std::uint64_t iteration, std::span<const int> lanes) {
  std::vector<KeyedRequest> drawn;
  for (const int lane : lanes)
    for (std::uint64_t i = 0; i < per_lane_; ++i) {
      const std::uint64_t key = static_cast<std::uint64_t>(lane) * per_lane_ + i;
      const std::uint64_t place = iteration * per_iteration_ + key;
      const auto& order = order_of_pass(place / requests_.size());
      drawn.push_back({requests_[order[place % requests_.size()]], static_cast<std::int64_t>(key)});
    }
  return drawn;
}

}  // namespace pagewright
