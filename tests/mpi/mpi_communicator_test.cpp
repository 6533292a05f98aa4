#include "distributed/mpi/mpi_communicator.hpp"

#include <iostream>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "distributed/recording_communicator.hpp"
#include "tests/distributed/communicator_conformance_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("MPI does what a communicator must do") {
  const auto world = MpiCommunicator::world();
  if (world->rank() == 0)
    std::cout << "backend mpi, " << world->size() << " ranks\n" << test::support_table(*world);
  test::check_collectives(*world);
  test::check_messages(*world);
  test::check_overlap(*world);
  test::check_refusals(*world);
}

TEST_CASE("tensors beyond what one MPI call takes go in pieces, with the same result") {
  const auto world = MpiCommunicator::world(/*limit=*/7);
  test::check_collectives(*world);
  test::check_messages(*world);
  test::check_overlap(*world);
}

TEST_CASE("a tensor that is where MPI cannot reach it is refused with its place") {
  const auto world = MpiCommunicator::world();
  CHECK(test::error_text([&] { world->broadcast(at::full({2}, 1.0F, at::TensorOptions(c10::kMeta)), 0); }) ==
        "broadcast: the backend mpi does not take the tensor, which is on meta; copy it to cpu first");
}

TEST_CASE("a group splits by color, and messages of one part do not reach the other") {
  const auto world = MpiCommunicator::world();
  const auto part = world->split(world->rank() % 2);
  REQUIRE(part != nullptr);
  CHECK(part->size() == (world->size() + 1 - world->rank() % 2) / 2);
  CHECK(part->rank() == world->rank() / 2);
  test::check_collectives(*part);
  test::check_messages(*part);
  const auto none = world->split(world->rank() == 0 ? 0 : -1);
  CHECK((none != nullptr) == (world->rank() == 0));
}

TEST_CASE("the recorder counts the bytes of the formulas and writes times down") {
  const auto world = MpiCommunicator::world();
  RecordingCommunicator recorded(*world);
  const std::int64_t n = world->size(), rank = world->rank();
  recorded.set_label("gradients of step 3");
  at::Tensor tensor = at::full({12 * n}, 1.0F);
  recorded.all_reduce(tensor, ReduceOp::sum)->wait();
  at::Tensor part = at::full({12}, 0.0F);
  recorded.reduce_scatter(part, tensor)->wait();
  recorded.all_gather(tensor, part)->wait();
  CHECK(tensor[0].item<float>() == static_cast<float>(n * n));
  const auto totals = recorded.totals();
  CHECK(totals.at("all_reduce sum").bytes == 2 * 48 * n * (n - 1) / n);
  CHECK(totals.at("reduce_scatter").bytes == 48 * (n - 1));
  CHECK(totals.at("all_gather").bytes == 48 * (n - 1));
  const auto records = recorded.recent();
  REQUIRE(records.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(records[i].sequence == static_cast<std::int64_t>(i));
    CHECK(records[i].label == "gradients of step 3");
    CHECK(records[i].seconds >= 0);
  }
  CHECK(recorded.recent_text().find("reduce_scatter") != std::string::npos);
  CHECK(rank == recorded.rank());
}

TEST_CASE("ranks that call different operations are told so instead of hanging") {
  const auto world = MpiCommunicator::world();
  if (world->size() == 1) return;
  RecordingCommunicator recorded(*world, {.verify = true});
  at::Tensor tensor = at::arange(8, at::kFloat);
  recorded.all_reduce(tensor, ReduceOp::sum)->wait();
  std::string message;
  try {
    if (world->rank() == world->size() - 1)
      recorded.broadcast(tensor, 0)->wait();
    else
      recorded.all_reduce(tensor, ReduceOp::max)->wait();
  } catch (const Error& error) {
    message = error.what();
  }
  const std::string last = std::to_string(world->size() - 1);
  CHECK(message == "operation 1: rank " + last +
                       " calls broadcast of 8 Float from 0, rank 0 calls all_reduce max "
                       "of 8 Float ; all ranks must call the same in the same order");
}

TEST_CASE("an exception does not wait for an operation that the other end has not joined") {
  const auto world = MpiCommunicator::world();
  if (world->size() == 1) return;
  const auto throw_with_receive_under_way = [&] {
    const auto work = world->receive(at::zeros({4}), 1, 0);
    fail("this rank gives up");
  };
  if (world->rank() == 0) CHECK_THROWS_WITH(throw_with_receive_under_way(), "this rank gives up");
  world->barrier();  // rank 1 sends only once rank 0 is here
  if (world->rank() == 1) world->send(at::zeros({4}), 0, 0)->wait();
  world->barrier();
}

}  // namespace pagewright
