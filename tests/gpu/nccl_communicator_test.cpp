#include "distributed/nccl/nccl_communicator.hpp"

#include <chrono>
#include <iostream>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "distributed/mpi/mpi_communicator.hpp"
#include "distributed/recording_communicator.hpp"
#include "tests/distributed/communicator_conformance_support.hpp"
#include "tests/gpu/device_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("NCCL does what a communicator must do") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const auto nccl = test::make_nccl(*world, *device);
  if (world->rank() == 0)
    std::cout << "backend nccl, " << world->size() << " ranks\n" << test::support_table(*nccl);
  test::check_collectives(*nccl, *device);
  test::check_messages(*nccl, *device);
  test::check_overlap(*nccl, *device);
  test::check_refusals(*nccl, *device);
}

TEST_CASE("NCCL refuses tensors that are not on its device") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const auto nccl = test::make_nccl(*world, *device);
  CHECK(test::error_text([&] { nccl->all_reduce(at::full({3}, 1.0F), ReduceOp::sum); }) ==
        "all_reduce: the backend nccl does not take the tensor, which is on cpu; copy it to " +
            device->str() + " first");
}

TEST_CASE("an operation comes after the work on the current stream and before what follows wait") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const auto nccl = test::make_nccl(*world, *device);
  for (int round = 0; round < 5; ++round) {
    const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromPool(false, device->index()));
    at::Tensor tensor = at::full({1 << 22}, 0.0F, at::TensorOptions(*device));
    for (int step = 0; step < 100; ++step) tensor.add_(1);
    nccl->all_reduce(tensor, ReduceOp::sum)->wait();
    tensor.mul_(2);
    CHECK(tensor.eq(200.0 * world->size()).all().item<bool>());
  }
}

TEST_CASE("ranks that call different operations on a device are told so") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  if (world->size() == 1) return;
  const auto nccl = test::make_nccl(*world, *device);
  RecordingCommunicator recorded(*nccl, {.verify = true});
  at::Tensor tensor = at::full({8}, 1.0F, at::TensorOptions(*device));
  const std::string text = test::error_text([&] {
    if (world->rank() == 0)
      recorded.broadcast(tensor, 0)->wait();
    else
      recorded.all_reduce(tensor, ReduceOp::sum)->wait();
  });
  CHECK(test::contains(text, "rank 1 calls all_reduce sum of 8 Float"));
  world->barrier();
}

TEST_CASE("a rank that does not join is an error within the deadline, and the group is given up") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  if (world->size() == 1) return;
  for (const bool connected : {true, false}) {
    const auto nccl = test::make_nccl(*world, *device, std::chrono::seconds(3));
    if (connected) nccl->barrier();
    if (world->rank() + 1 < world->size()) {
      at::Tensor tensor = at::full({1000}, 1.0F, at::TensorOptions(*device));
      const auto start = std::chrono::steady_clock::now();
      const std::string text = test::error_text([&] { nccl->all_reduce(tensor, ReduceOp::sum)->wait(); });
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(15));
      CHECK(test::contains(text, "all_reduce: not finished within 3 s"));
      CHECK(
          test::contains(test::error_text([&] { nccl->barrier(); }), "barrier: the NCCL group was given up"));
    }
    world->barrier();
  }
}

}  // namespace pagewright
