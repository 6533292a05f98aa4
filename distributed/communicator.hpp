#pragma once
// What ranks say to each other: tensors in, Work out.

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace pagewright {

enum class ReduceOp { sum, max };

/// An operation under way. Tensors given to it belong to the operation until wait() returns or done() says
/// true: they must be neither written nor (outputs) read before. The Work holds references, so that they live
/// long enough. Destroying an unfinished Work waits for it.
class Work {
 public:
  virtual ~Work() = default;
  virtual bool done() = 0;
  /// Returns when the result is there; throws Error naming the operation if it failed.
  virtual void wait() = 0;
};

/// A group of ranks. One thread per rank calls it, and all ranks issue the same operations in the same order.
/// Tensors are contiguous, of one dtype and of equal size on all ranks; an output may not overlap another
/// input. Backends for devices order the operation after the work already on the current stream and before
/// what is enqueued after wait(). `bytes` below are what one rank sends, for n ranks and a tensor of B bytes.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual std::string backend() const = 0;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// The root's content to all, in place. Root: B (tree).
  virtual std::unique_ptr<Work> broadcast(at::Tensor tensor, int root) = 0;
  /// Combines element by element, in place, in an order that the backend chooses. 2 B (n-1)/n.
  virtual std::unique_ptr<Work> all_reduce(at::Tensor tensor, ReduceOp op) = 0;
  /// output [N/n] = part `rank()` of the sum of the inputs [N]. B (n-1)/n.
  virtual std::unique_ptr<Work> reduce_scatter(at::Tensor output, at::Tensor input) = 0;
  /// output [n * N] = the inputs [N] in the order of ranks. B (n-1).
  virtual std::unique_ptr<Work> all_gather(at::Tensor output, at::Tensor input) = 0;
  /// output [N]: part r comes from rank r's part `rank()` of its input [N]. B (n-1)/n.
  virtual std::unique_ptr<Work> all_to_all(at::Tensor output, at::Tensor input) = 0;
  /// Returns when all ranks have called it.
  virtual void barrier() = 0;
};

/// The group of one rank: every operation is its definition for n = 1 and done when it returns.
class LocalCommunicator final : public Communicator {
 public:
  std::string backend() const override { return "local"; }
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::unique_ptr<Work> broadcast(at::Tensor tensor, int root) override;
  std::unique_ptr<Work> all_reduce(at::Tensor tensor, ReduceOp op) override;
  std::unique_ptr<Work> reduce_scatter(at::Tensor output, at::Tensor input) override;
  std::unique_ptr<Work> all_gather(at::Tensor output, at::Tensor input) override;
  std::unique_ptr<Work> all_to_all(at::Tensor output, at::Tensor input) override;
  void barrier() override {}
};

}  // namespace pagewright
