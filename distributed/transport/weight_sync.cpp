#include "distributed/transport/weight_sync.hpp"

#include <ATen/ops/empty.h>

namespace pagewright {
namespace {

RolloutOrder broadcast_order(Communicator& group, const RolloutOrder& order) {
  at::Tensor numbers = at::empty({2}, at::kLong);
  std::int64_t* values = numbers.mutable_data_ptr<std::int64_t>();
  values[0] = order.iteration;
  values[1] = order.version;
  group.broadcast(numbers, 0)->wait();
  return {values[0], values[1]};
}

}  // namespace

void WeightPublisher::publish(std::int64_t iteration) {
  broadcast_order(group_, {iteration, parameters_.version()});
  group_.broadcast(parameters_.values(), 0)->wait();
}

void WeightPublisher::stop() {
  broadcast_order(group_, {});
}

RolloutOrder WeightReplica::receive() {
  const RolloutOrder order = broadcast_order(group_, {});
  if (order.iteration == RolloutOrder::kStop) return order;
  group_.broadcast(parameters_.values(), 0)->wait();
  parameters_.set_version(order.version);
  return order;
}

}  // namespace pagewright
