#pragma once
// What ranks say to each other: tensors in, Work out.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

enum class ReduceOp { sum, max, min };
std::string_view reduce_op_name(ReduceOp op);

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

/// The highest tag of a message where the backend has tags. MPI promises one more, which ours keeps for
/// itself.
inline constexpr int kHighestTag = 32766;

/// Elements of each rank's part of a tensor, [size]; empty: equal parts.
using Parts = std::span<const std::int64_t>;

/// A group of ranks. One thread per rank calls it, and all ranks issue the same collectives in the same
/// order. Tensors are contiguous and of one dtype on all ranks; an output may not overlap an input. `root` is
/// a rank of this group. Where parts may be uneven, `parts` is the same on all ranks (all_to_all apart).
/// Operations on tensors of a device come after the work already on the calling thread's current stream, and
/// before what is enqueued after wait(). The comments give the bytes that one of n ranks sends for a tensor
/// of B bytes, with a ring or tree.
///
/// The public functions check their arguments, so that every backend refuses the same mistakes in the same
/// words before anything is sent; a backend implements the start_ functions.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual std::string backend() const = 0;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Whether tensors of this type can be moved, and whether they can be reduced.
  virtual bool moves(at::ScalarType type) const = 0;
  virtual bool reduces(at::ScalarType type) const = 0;
  /// Whether it takes tensors that are there.
  virtual bool accepts(c10::Device device) const = 0;
  /// Where to put tensors that are made for the group alone, such as lengths: a place that accepts() names.
  virtual c10::Device device() const { return c10::kCPU; }
  /// Tags of messages are 0 to this one.
  virtual int highest_tag() const { return kHighestTag; }

  /// The root's content to all, in place. Root: B (tree).
  std::unique_ptr<Work> broadcast(at::Tensor tensor, int root);
  /// Combines element by element, in place, in an order that the backend chooses. 2 B (n-1)/n.
  std::unique_ptr<Work> all_reduce(at::Tensor tensor, ReduceOp op);
  /// output = part rank() of the inputs [sum of parts], added. B (n-1)/n.
  std::unique_ptr<Work> reduce_scatter(at::Tensor output, at::Tensor input, Parts parts = {});
  /// output [sum of parts] = the inputs in the order of ranks, rank r's of parts[r] elements. B (n-1), B
  /// being the rank's own part.
  std::unique_ptr<Work> all_gather(at::Tensor output, at::Tensor input, Parts parts = {});
  /// Part r of the input goes to rank r, part r of the output comes from it. `sent` and `received` are this
  /// rank's own; what a rank sends another is what that one receives from it. B (n-1)/n.
  std::unique_ptr<Work> all_to_all(at::Tensor output, at::Tensor input, Parts sent = {}, Parts received = {});
  /// As all_gather, but the root alone has the output; elsewhere it may be undefined. Others: B.
  std::unique_ptr<Work> gather(at::Tensor output, at::Tensor input, int root, Parts parts = {});
  /// output = part rank() of the root's input; elsewhere the input may be undefined. Root: B (n-1)/n.
  std::unique_ptr<Work> scatter(at::Tensor output, at::Tensor input, int root, Parts parts = {});
  /// Returns when all ranks have called it.
  void barrier();

  /// To one rank, which must receive as many elements with the same tag, from 0 to highest_tag(). Between
  /// two ranks, messages of one tag arrive in the order in which they were sent. Without tags
  /// (highest_tag() 0) a rank's messages are done in the order in which it calls for them, a send not
  /// before its receive. B.
  std::unique_ptr<Work> send(at::Tensor tensor, int to, int tag);
  std::unique_ptr<Work> receive(at::Tensor tensor, int from, int tag);

 protected:
  using FullParts = std::vector<std::int64_t>;  ///< [size]

  virtual std::unique_ptr<Work> start_broadcast(at::Tensor tensor, int root) = 0;
  virtual std::unique_ptr<Work> start_all_reduce(at::Tensor tensor, ReduceOp op) = 0;
  virtual std::unique_ptr<Work> start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                     FullParts parts) = 0;
  virtual std::unique_ptr<Work> start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) = 0;
  virtual std::unique_ptr<Work> start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                                 FullParts received) = 0;
  virtual std::unique_ptr<Work> start_gather(at::Tensor output, at::Tensor input, int root,
                                             FullParts parts) = 0;
  virtual std::unique_ptr<Work> start_scatter(at::Tensor output, at::Tensor input, int root,
                                              FullParts parts) = 0;
  virtual void run_barrier() = 0;
  virtual std::unique_ptr<Work> start_send(at::Tensor tensor, int to, int tag) = 0;
  virtual std::unique_ptr<Work> start_receive(at::Tensor tensor, int from, int tag) = 0;

 private:
  void check_tensor(const char* operation, const char* role, const at::Tensor& tensor) const;
  void check_types(const char* operation, const at::Tensor& output, const at::Tensor& input) const;
  void check_reduced(const char* operation, const at::Tensor& tensor) const;
  void check_rank(const char* operation, const char* role, int rank) const;
  void check_tag(const char* operation, int tag) const;
  void check_count(const char* operation, const char* role, const at::Tensor& tensor,
                   std::int64_t expected) const;
  /// `parts` written out. Throws Error unless they are one for each rank, none negative, `total` in all.
  FullParts full_parts(const char* operation, Parts parts, std::int64_t total) const;
};

}  // namespace pagewright
