#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "distributed/mpi/mpi_communicator.hpp"
#include "tests/distributed/communicator_conformance_support.hpp"
#include "tests/gpu/device_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("MPI does the same with tensors of a device") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  test::check_collectives(*world, *device);
  test::check_messages(*world, *device);
  test::check_overlap(*world, *device);
  test::check_refusals(*world, *device);
}

TEST_CASE("MPI sends what the current stream has written, and what follows wait sees what came") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const c10::cuda::CUDAStreamGuard guard(c10::cuda::getStreamFromPool(false, device->index()));
  at::Tensor tensor = at::full({1 << 22}, 0.0F, at::TensorOptions(*device));
  for (int step = 0; step < 100; ++step) tensor.add_(1);
  const auto work = world->all_reduce(tensor, ReduceOp::sum);
  while (!work->done()) continue;
  tensor.mul_(2);
  CHECK(tensor.eq(200.0 * world->size()).all().item<bool>());
}

}  // namespace pagewright
