#include "distributed/communicator.hpp"

#include <numeric>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

std::string_view reduce_op_name(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return "sum";
    case ReduceOp::max:
      return "max";
    case ReduceOp::min:
      return "min";
  }
  fail("unknown reduction {}", static_cast<int>(op));
}

void Communicator::check_tensor(const char* operation, const char* role, const at::Tensor& tensor) const {
  require(tensor.defined() && tensor.is_contiguous(), "{}: the {} must be defined and contiguous", operation,
          role);
  require(accepts(tensor.device()),
          "{}: the backend {} does not take the {}, which is on {}; copy it to {} first", operation,
          backend(), role, tensor.device().str(), device().str());
  require(moves(tensor.scalar_type()), "{}: the backend {} cannot move {}", operation, backend(),
          c10::toString(tensor.scalar_type()));
}

void Communicator::check_types(const char* operation, const at::Tensor& output,
                               const at::Tensor& input) const {
  require(output.scalar_type() == input.scalar_type(), "{}: the output is {}, the input {}", operation,
          c10::toString(output.scalar_type()), c10::toString(input.scalar_type()));
}

void Communicator::check_reduced(const char* operation, const at::Tensor& tensor) const {
  require(reduces(tensor.scalar_type()), "{}: the backend {} cannot reduce {}", operation, backend(),
          c10::toString(tensor.scalar_type()));
}

void Communicator::check_rank(const char* operation, const char* role, int other) const {
  require(other >= 0 && other < size(), "{}: there is no {} {} in a group of {}", operation, role, other,
          size());
}

void Communicator::check_tag(const char* operation, int tag) const {
  if (highest_tag() == 0)
    require(tag == 0, "{}: the backend {} has no tags: only 0 will do, not {}", operation, backend(), tag);
  require(tag >= 0 && tag <= highest_tag(), "{}: tag {} is not from 0 to {}", operation, tag, highest_tag());
}

void Communicator::check_count(const char* operation, const char* role, const at::Tensor& tensor,
                               std::int64_t expected) const {
  require(tensor.numel() == expected, "{}: on rank {} the {} has {} elements instead of {}", operation,
          rank(), role, tensor.numel(), expected);
}

Communicator::FullParts Communicator::full_parts(const char* operation, Parts parts,
                                                 std::int64_t total) const {
  if (parts.empty()) {
    require(total % size() == 0, "{}: {} elements do not divide into {} equal parts; say the parts",
            operation, total, size());
    return FullParts(static_cast<std::size_t>(size()), total / size());
  }
  require(std::ssize(parts) == size(), "{}: {} parts for {} ranks", operation, parts.size(), size());
  for (const std::int64_t part : parts) require(part >= 0, "{}: a part of {} elements", operation, part);
  const std::int64_t sum = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  require(sum == total, "{}: the parts have {} elements, the tensor {}", operation, sum, total);
  return {parts.begin(), parts.end()};
}

std::unique_ptr<Work> Communicator::broadcast(at::Tensor tensor, int root) {
  check_tensor("broadcast", "tensor", tensor);
  check_rank("broadcast", "root", root);
  return start_broadcast(std::move(tensor), root);
}

std::unique_ptr<Work> Communicator::all_reduce(at::Tensor tensor, ReduceOp op) {
  check_tensor("all_reduce", "tensor", tensor);
  check_reduced("all_reduce", tensor);
  return start_all_reduce(std::move(tensor), op);
}

std::unique_ptr<Work> Communicator::reduce_scatter(at::Tensor output, at::Tensor input, Parts parts) {
  check_tensor("reduce_scatter", "output", output);
  check_tensor("reduce_scatter", "input", input);
  check_types("reduce_scatter", output, input);
  check_reduced("reduce_scatter", input);
  FullParts full = full_parts("reduce_scatter", parts, input.numel());
  check_count("reduce_scatter", "output", output, full[static_cast<std::size_t>(rank())]);
  return start_reduce_scatter(std::move(output), std::move(input), std::move(full));
}

std::unique_ptr<Work> Communicator::all_gather(at::Tensor output, at::Tensor input, Parts parts) {
  check_tensor("all_gather", "output", output);
  check_tensor("all_gather", "input", input);
  check_types("all_gather", output, input);
  FullParts full = full_parts("all_gather", parts, output.numel());
  check_count("all_gather", "input", input, full[static_cast<std::size_t>(rank())]);
  return start_all_gather(std::move(output), std::move(input), std::move(full));
}

std::unique_ptr<Work> Communicator::all_to_all(at::Tensor output, at::Tensor input, Parts sent,
                                               Parts received) {
  check_tensor("all_to_all", "output", output);
  check_tensor("all_to_all", "input", input);
  check_types("all_to_all", output, input);
  FullParts full_sent = full_parts("all_to_all", sent, input.numel());
  FullParts full_received = full_parts("all_to_all", received, output.numel());
  const auto own = static_cast<std::size_t>(rank());
  require(full_sent[own] == full_received[own], "all_to_all: rank {} sends itself {} elements and expects {}",
          rank(), full_sent[own], full_received[own]);
  return start_all_to_all(std::move(output), std::move(input), std::move(full_sent),
                          std::move(full_received));
}

std::unique_ptr<Work> Communicator::gather(at::Tensor output, at::Tensor input, int root, Parts parts) {
  check_tensor("gather", "input", input);
  check_rank("gather", "root", root);
  if (rank() == root) {
    check_tensor("gather", "output", output);
    check_types("gather", output, input);
  }
  const std::int64_t total =
      rank() == root ? output.numel()
                     : (parts.empty() ? input.numel() * size()
                                      : std::accumulate(parts.begin(), parts.end(), std::int64_t{0}));
  FullParts full = full_parts("gather", parts, total);
  check_count("gather", "input", input, full[static_cast<std::size_t>(rank())]);
  return start_gather(std::move(output), std::move(input), root, std::move(full));
}

std::unique_ptr<Work> Communicator::scatter(at::Tensor output, at::Tensor input, int root, Parts parts) {
  check_tensor("scatter", "output", output);
  check_rank("scatter", "root", root);
  if (rank() == root) {
    check_tensor("scatter", "input", input);
    check_types("scatter", output, input);
  }
  const std::int64_t total =
      rank() == root ? input.numel()
                     : (parts.empty() ? output.numel() * size()
                                      : std::accumulate(parts.begin(), parts.end(), std::int64_t{0}));
  FullParts full = full_parts("scatter", parts, total);
  check_count("scatter", "output", output, full[static_cast<std::size_t>(rank())]);
  return start_scatter(std::move(output), std::move(input), root, std::move(full));
}

void Communicator::barrier() {
  run_barrier();
}

std::unique_ptr<Work> Communicator::send(at::Tensor tensor, int to, int tag) {
  check_tensor("send", "tensor", tensor);
  check_rank("send", "receiver", to);
  require(to != rank(), "send: rank {} cannot send to itself", to);
  check_tag("send", tag);
  return start_send(std::move(tensor), to, tag);
}

std::unique_ptr<Work> Communicator::receive(at::Tensor tensor, int from, int tag) {
  check_tensor("receive", "tensor", tensor);
  check_rank("receive", "sender", from);
  require(from != rank(), "receive: rank {} cannot receive from itself", from);
  check_tag("receive", tag);
  return start_receive(std::move(tensor), from, tag);
}

}  // namespace pagewright
