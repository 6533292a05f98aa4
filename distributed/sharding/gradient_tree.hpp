#pragma once
// The gradients of a rank's lanes, added along the lane tree while the lanes are still at work.

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// A lane's gradient goes to its place in the tree as soon as it is there, and is added to its neighbour's
/// once both are: the bits are those of the tree, whatever the order of arrival. At most
/// workers + log2(lanes) buffers of [padded] exist; a worker that would need one more waits. Thread-safe.
class GradientTree {
 public:
  /// `like` gives size and type of the buffers.
  GradientTree(const at::Tensor& like, int lanes, int workers);

  /// An all-zero buffer for a lane (0 to lanes - 1). Waits until all lanes below have begun: otherwise later
  /// lanes could take all buffers while the sums they wait for lack an earlier one.
  at::Tensor begin_lane(int lane);
  /// Hands over the gradient of lane `lane` (0 to lanes - 1).
  void end_lane(int lane, at::Tensor gradient);
  /// The sum over all lanes. Throws Error if a lane is missing.
  at::Tensor take();
  /// Gives back a buffer: the sum, when it is no longer needed, or that of a lane that failed.
  void release(at::Tensor buffer);
  /// Forgets what was handed over since the last take(), after a failure.
  void clear();

  std::size_t buffers() const { return made_; }

 private:
  std::vector<std::int64_t> sizes_;
  at::TensorOptions options_;
  int lanes_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable free_again_;
  std::vector<at::Tensor> free_;
  std::map<std::pair<int, int>, at::Tensor> waiting_;  // (level, index): sum of lanes [index 2^level, ...)
  std::size_t made_ = 0;
  int next_ = 0;  ///< lane to begin
};

}  // namespace pagewright
