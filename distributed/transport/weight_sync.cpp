#include "distributed/transport/weight_sync.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace pagewright {
namespace {

at::Tensor order_tensor(const RolloutOrder& order) {
  at::Tensor numbers = at::empty({2}, at::kLong);
  std::int64_t* values = numbers.mutable_data_ptr<std::int64_t>();
  values[0] = order.iteration;
  values[1] = order.version;
  return numbers;
}

std::vector<std::unique_ptr<Work>> broadcast_buckets(Communicator& group, const at::Tensor& values) {
  std::vector<std::unique_ptr<Work>> works;
  for (std::int64_t begin = 0; begin < values.numel(); begin += kWeightBucket)
    works.push_back(
        group.broadcast(values.narrow(0, begin, std::min(kWeightBucket, values.numel() - begin)), 0));
  return works;
}

}  // namespace

void WeightPublisher::publish(std::int64_t iteration) {
  if (in_flight_.size() > ahead_) finish_oldest();
  InFlight next;
  if (ahead_ == 0) {
    next.values = parameters_.values();
  } else if (free_.empty()) {
    next.values = parameters_.values().clone();
  } else {
    next.values = std::move(free_.back()).copy_(parameters_.values());
    free_.pop_back();
  }
  std::unique_ptr<Work> order = group_.broadcast(order_tensor({iteration, parameters_.version()}), 0);
  next.works = broadcast_buckets(group_, next.values);
  next.works.push_back(std::move(order));
  in_flight_.push_back(std::move(next));
  if (ahead_ == 0) finish_oldest();
}

void WeightPublisher::finish_oldest() {
  for (const auto& work : in_flight_.front().works) work->wait();
  if (ahead_ > 0) free_.push_back(std::move(in_flight_.front().values));
  in_flight_.pop_front();
}

void WeightPublisher::progress() {
  for (const InFlight& order : in_flight_)
    for (const auto& work : order.works) work->done();
}

void WeightPublisher::stop() {
  while (!in_flight_.empty()) finish_oldest();
  group_.broadcast(order_tensor({}), 0)->wait();
}

RolloutOrder WeightReplica::receive() {
  const at::Tensor numbers = order_tensor({});
  group_.broadcast(numbers, 0)->wait();
  const std::int64_t* values = numbers.const_data_ptr<std::int64_t>();
  const RolloutOrder order{values[0], values[1]};
  if (order.iteration == RolloutOrder::kStop) return order;
  for (const auto& work : broadcast_buckets(group_, parameters_.values())) work->wait();
  parameters_.set_version(order.version);
  return order;
}

}  // namespace pagewright
