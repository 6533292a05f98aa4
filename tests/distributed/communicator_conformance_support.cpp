#include "tests/distributed/communicator_conformance_support.hpp"

#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

#include "core/base/error.hpp"
#include "core/base/table.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::test {
namespace {

using Counts = std::vector<std::int64_t>;

constexpr at::ScalarType kTypes[] = {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf, at::kInt,
                                     at::kLong,  at::kShort,  at::kChar,     at::kByte, at::kBool};

/// What rank `rank` contributes: small whole numbers, whose sums over 8 ranks every type holds exactly.
at::Tensor contribution(int rank, std::int64_t count, at::ScalarType type, c10::Device device) {
  const at::Tensor index = at::arange(count, at::kLong);
  const at::Tensor value = (index * 5 + rank * 3) % 7 + 1;
  return (type == at::kBool ? value % 2 : value).to(type).to(device);
}

at::Tensor nothing(std::int64_t count, at::ScalarType type, c10::Device device) {
  return at::full({count}, type == at::kBool ? 1 : 99, at::TensorOptions(device).dtype(type));
}

at::Tensor reduced(int ranks, std::int64_t count, at::ScalarType type, ReduceOp op, c10::Device device) {
  at::Tensor result = contribution(0, count, type, device);
  for (int rank = 1; rank < ranks; ++rank) {
    const at::Tensor other = contribution(rank, count, type, device);
    result = op == ReduceOp::sum   ? result + other
             : op == ReduceOp::max ? at::maximum(result, other)
                                   : at::minimum(result, other);
  }
  return result;
}

std::int64_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

/// Even parts, and uneven ones with empty parts among them.
std::vector<Counts> part_choices(int ranks, std::int64_t part) {
  Counts uneven;
  for (int rank = 0; rank < ranks; ++rank) uneven.push_back(rank % 3 == 1 ? 0 : part + rank);
  return {Counts(static_cast<std::size_t>(ranks), part), uneven};
}

at::Tensor part_of(const at::Tensor& whole, const Counts& parts, int rank) {
  std::int64_t begin = 0;
  for (int before = 0; before < rank; ++before) begin += parts[static_cast<std::size_t>(before)];
  return whole.narrow(0, begin, parts[static_cast<std::size_t>(rank)]);
}

void check_reductions(Communicator& group, c10::Device device, at::ScalarType type, std::int64_t count) {
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min}) {
    at::Tensor tensor = contribution(group.rank(), count, type, device);
    group.all_reduce(tensor, op)->wait();
    CHECK(tensor.equal(reduced(group.size(), count, type, op, device)));
  }
  for (const Counts& parts : part_choices(group.size(), count)) {
    const std::int64_t all = total(parts);
    const at::Tensor input = contribution(group.rank(), all, type, device);
    at::Tensor output = nothing(parts[static_cast<std::size_t>(group.rank())], type, device);
    group.reduce_scatter(output, input, parts)->wait();
    CHECK(
        output.equal(part_of(reduced(group.size(), all, type, ReduceOp::sum, device), parts, group.rank())));
  }
}

void check_gathers(Communicator& group, c10::Device device, at::ScalarType type, std::int64_t count) {
  for (const Counts& parts : part_choices(group.size(), count)) {
    const auto part = [&](int rank) {
      return contribution(rank, parts[static_cast<std::size_t>(rank)], type, device);
    };
    std::vector<at::Tensor> all;
    for (int rank = 0; rank < group.size(); ++rank) all.push_back(part(rank));
    const at::Tensor whole = at::cat(all);
    at::Tensor gathered = nothing(whole.numel(), type, device);
    group.all_gather(gathered, part(group.rank()), parts)->wait();
    CHECK(gathered.equal(whole));
    for (int root = 0; root < group.size(); ++root) {
      at::Tensor at_root = group.rank() == root ? nothing(whole.numel(), type, device) : at::Tensor();
      group.gather(at_root, part(group.rank()), root, parts)->wait();
      if (group.rank() == root) CHECK(at_root.equal(whole));
      at::Tensor own = nothing(parts[static_cast<std::size_t>(group.rank())], type, device);
      group.scatter(own, group.rank() == root ? whole : at::Tensor(), root, parts)->wait();
      CHECK(own.equal(part(group.rank())));
    }
  }
}

/// Rank a sends rank b the last `sizes(a, b)` of its contribution to a tensor of 20 elements.
void check_all_to_all(Communicator& group, c10::Device device, at::ScalarType type, std::int64_t count,
                      bool even) {
  const auto size_of = [&](int from, int to) { return even ? count : (count + 2 * from + to) % 5; };
  const auto message = [&](int from, int to) {
    return contribution(from, size_of(from, to) + 20, type, device).narrow(0, 20, size_of(from, to));
  };
  Counts sent, received;
  std::vector<at::Tensor> out, expected;
  for (int other = 0; other < group.size(); ++other) {
    sent.push_back(size_of(group.rank(), other));
    received.push_back(size_of(other, group.rank()));
    out.push_back(message(group.rank(), other));
    expected.push_back(message(other, group.rank()));
  }
  at::Tensor output = nothing(total(received), type, device);
  if (even)
    group.all_to_all(output, at::cat(out))->wait();
  else
    group.all_to_all(output, at::cat(out), sent, received)->wait();
  CHECK(output.equal(at::cat(expected)));
}

void check_broadcast(Communicator& group, c10::Device device, at::ScalarType type, std::int64_t count) {
  for (int root = 0; root < group.size(); ++root) {
    at::Tensor tensor =
        group.rank() == root ? contribution(root, count, type, device) : nothing(count, type, device);
    group.broadcast(tensor, root)->wait();
    CHECK(tensor.equal(contribution(root, count, type, device)));
  }
}

/// Neighbours of an even ring, of which one sends while the other receives.
void check_messages_in_order(Communicator& group, c10::Device device) {
  const int next = (group.rank() + 1) % group.size(),
            before = (group.rank() + group.size() - 1) % group.size();
  const auto message = [&](int from, int number) {
    return contribution(from + 10 * number, 17 * number, at::kFloat, device);
  };
  const auto send = [&] {
    for (int number = 0; number < 3; ++number) group.send(message(group.rank(), number), next, 0)->wait();
  };
  if (group.rank() % 2 == 0) send();
  for (int number = 0; number < 3; ++number) {
    at::Tensor tensor = nothing(17 * number, at::kFloat, device);
    group.receive(tensor, before, 0)->wait();
    CHECK(tensor.equal(message(before, number)));
  }
  if (group.rank() % 2 == 1) send();
  CHECK_THROWS_AS(group.send(message(0, 1), next, 1), Error);
  CHECK_THROWS_AS(group.receive(message(0, 1), before, 1), Error);
}

}  // namespace

void check_collectives(Communicator& group, c10::Device device) {
  for (const at::ScalarType type : kTypes) {
    if (!group.moves(type)) continue;
    for (const std::int64_t count : {0, 1, 13, 1000}) {
      INFO(group.backend() << " " << c10::toString(type) << " " << count << " rank " << group.rank());
      check_broadcast(group, device, type, count);
      if (group.reduces(type) && type != at::kBool) check_reductions(group, device, type, count);
      check_gathers(group, device, type, count);
      check_all_to_all(group, device, type, count, true);
      check_all_to_all(group, device, type, count, false);
    }
  }
  group.barrier();
}

void check_messages(Communicator& group, c10::Device device) {
  if (group.size() == 1) return;
  if (group.highest_tag() == 0) return check_messages_in_order(group, device);
  const int next = (group.rank() + 1) % group.size(),
            before = (group.rank() + group.size() - 1) % group.size();
  const auto message = [&](int from, int number) {
    return contribution(from + 10 * number, 17, at::kFloat, device);
  };
  std::vector<std::unique_ptr<Work>> sends;
  for (int number = 0; number < 4; ++number)
    sends.push_back(group.send(message(group.rank(), number), next, number / 2));
  // The messages of tag 1 (numbers 2 and 3) are taken before those of tag 0.
  for (const int number : {2, 3, 0, 1}) {
    at::Tensor tensor = nothing(17, at::kFloat, device);
    group.receive(tensor, before, number / 2)->wait();
    CHECK(tensor.equal(message(before, number)));
  }
  for (auto& send : sends) send->wait();
  at::Tensor empty = nothing(0, at::kFloat, device);
  const auto receive = group.receive(empty, before, kHighestTag);
  group.send(nothing(0, at::kFloat, device), next, kHighestTag)->wait();
  receive->wait();
  CHECK(receive->done());
}

void check_overlap(Communicator& group, c10::Device device) {
  std::vector<at::Tensor> tensors;
  std::vector<std::unique_ptr<Work>> works;
  for (int number = 0; number < 6; ++number) {
    tensors.push_back(contribution(group.rank(), 100 + number, at::kDouble, device));
    works.push_back(number % 2 == 0 ? group.all_reduce(tensors.back(), ReduceOp::sum)
                                    : group.broadcast(tensors.back(), group.size() - 1));
  }
  for (auto work = works.rbegin(); work != works.rend(); ++work) (*work)->wait();
  for (int number = 0; number < 6; ++number)
    CHECK(tensors[static_cast<std::size_t>(number)].equal(
        number % 2 == 0 ? reduced(group.size(), 100 + number, at::kDouble, ReduceOp::sum, device)
                        : contribution(group.size() - 1, 100 + number, at::kDouble, device)));
  at::Tensor dropped = contribution(group.rank(), 50, at::kFloat, device);
  group.all_reduce(dropped, ReduceOp::max);  // its Work ends at once, and with it the operation
  CHECK(dropped.equal(reduced(group.size(), 50, at::kFloat, ReduceOp::max, device)));
}

void check_refusals(Communicator& group, c10::Device device) {
  const int n = group.size();
  at::Tensor tensor = contribution(0, 2 * n, at::kFloat, device), output = nothing(2, at::kFloat, device);
  CHECK_THROWS_AS(group.broadcast(tensor, n), Error);
  CHECK_THROWS_AS(group.broadcast(tensor, -1), Error);
  CHECK_THROWS_AS(group.broadcast(at::Tensor(), 0), Error);
  CHECK_THROWS_AS(group.all_reduce(nothing(16, at::kFloat, device).view({4, 4}).t(), ReduceOp::sum), Error);
  CHECK_THROWS_AS(group.reduce_scatter(nothing(3, at::kFloat, device), tensor), Error);
  CHECK_THROWS_AS(group.reduce_scatter(nothing(2, at::kDouble, device), tensor), Error);
  CHECK_THROWS_AS(group.all_gather(nothing(2 * n + 1, at::kFloat, device), output), Error);
  CHECK_THROWS_AS(group.all_gather(tensor, output, Counts(static_cast<std::size_t>(n + 1), 2)), Error);
  CHECK_THROWS_AS(group.all_gather(tensor, output, Counts(static_cast<std::size_t>(n), 3)), Error);
  Counts negative(static_cast<std::size_t>(n), 2);
  negative.back() = -2;
  CHECK_THROWS_AS(group.all_gather(tensor, output, negative), Error);
  CHECK_THROWS_AS(
      group.all_to_all(nothing(2 * n, at::kFloat, device), nothing(n + (n > 1 ? 1 : 2), at::kDouble, device)),
      Error);
  CHECK_THROWS_AS(group.send(tensor, group.rank(), 0), Error);
  CHECK_THROWS_AS(group.send(tensor, (group.rank() + 1) % n, -1), Error);
  CHECK_THROWS_AS(group.receive(tensor, n, 0), Error);
  group.barrier();  // nobody was left waiting
}

std::string support_table(const Communicator& group) {
  Table table({"type", "moved", "reduced"});
  for (const at::ScalarType type : kTypes)
    table.add_row(
        {c10::toString(type), group.moves(type) ? "yes" : "no", group.reduces(type) ? "yes" : "no"});
  return table.to_string();
}

}  // namespace pagewright::test
