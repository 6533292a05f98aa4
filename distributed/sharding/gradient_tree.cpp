#include "distributed/sharding/gradient_tree.hpp"

#include <bit>

#include <ATen/ops/empty.h>

#include "core/base/error.hpp"

namespace pagewright {

GradientTree::GradientTree(const at::Tensor& like, int lanes, int workers)
    : sizes_(like.sizes().vec()),
      options_(like.options()),
      lanes_(lanes),
      most_(static_cast<std::size_t>(workers + std::bit_width(static_cast<unsigned>(lanes)) - 1)) {
  require(lanes >= 1 && std::has_single_bit(static_cast<unsigned>(lanes)),
          "the lane tree needs a power of two of lanes, not {}", lanes);
}

at::Tensor GradientTree::begin_lane(int lane) {
  at::Tensor buffer;
  {
    std::unique_lock lock(mutex_);
    free_again_.wait(lock, [&] { return next_ == lane && (!free_.empty() || made_ < most_); });
    ++next_;
    if (free_.empty()) {
      ++made_;
      buffer = at::empty(sizes_, options_);
    } else {
      buffer = std::move(free_.back());
      free_.pop_back();
    }
  }
  free_again_.notify_all();
  return buffer.zero_();
}

void GradientTree::end_lane(int lane, at::Tensor gradient) {
  int level = 0, index = lane;
  std::unique_lock lock(mutex_);
  while (1 << level < lanes_) {
    const auto neighbour = waiting_.find({level, index ^ 1});
    if (neighbour == waiting_.end()) break;
    at::Tensor left = std::move(neighbour->second), right = std::move(gradient);
    waiting_.erase(neighbour);
    if (index % 2 == 0) std::swap(left, right);
    lock.unlock();
    left.add_(right);
    lock.lock();
    free_.push_back(std::move(right));
    free_again_.notify_all();
    gradient = std::move(left);
    index /= 2;
    ++level;
  }
  waiting_.emplace(std::pair(level, index), std::move(gradient));
}

at::Tensor GradientTree::take() {
  const std::lock_guard lock(mutex_);
  require(waiting_.size() == 1 && 1 << waiting_.begin()->first.first == lanes_,
          "the lane tree is not complete");
  at::Tensor sum = std::move(waiting_.begin()->second);
  waiting_.clear();
  next_ = 0;
  return sum;
}

void GradientTree::release(at::Tensor buffer) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
  free_again_.notify_all();
}

void GradientTree::clear() {
  const std::lock_guard lock(mutex_);
  for (auto& [place, buffer] : waiting_) free_.push_back(std::move(buffer));
  waiting_.clear();
  next_ = 0;
}

}  // namespace pagewright
