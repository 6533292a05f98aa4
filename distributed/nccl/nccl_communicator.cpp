#include "distributed/nccl/nccl_communicator.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "core/base/error.hpp"
#include "distributed/agreement.hpp"
#include "distributed/nccl/nccl_call.hpp"
#include "distributed/nccl/nccl_work.hpp"
#include "distributed/parts.hpp"

namespace pagewright {
namespace {

ncclUniqueId shared_nccl_id(Communicator& bootstrap) {
  ncclUniqueId id{};
  on_first_rank(bootstrap, [&] { check_nccl(ncclGetUniqueId(&id), "making the id of an NCCL group"); });
  const std::string bytes = broadcast_text(bootstrap, {id.internal, sizeof id.internal}, 0);
  std::memcpy(id.internal, bytes.data(), sizeof id.internal);
  return id;
}

bool are_equal(const std::vector<std::int64_t>& parts) {
  return std::ranges::adjacent_find(parts, std::ranges::not_equal_to{}) == parts.end();
}

/// A run of a tensor's elements, as NCCL takes it. Runs of no elements are left out: NCCL need not see them.
struct NcclRun {
  char* data;
  std::size_t count;
  ncclDataType_t type;

  NcclRun(const at::Tensor& tensor, std::int64_t begin, std::int64_t size)
      : data(static_cast<char*>(tensor.mutable_data_ptr()) +
             begin * static_cast<std::int64_t>(tensor.element_size())),
        count(static_cast<std::size_t>(size)),
        type(nccl_type(tensor.scalar_type())) {}
  explicit NcclRun(const at::Tensor& tensor) : NcclRun(tensor, 0, tensor.numel()) {}
};

void send_run(const NcclRun& run, int to, ncclComm_t comm, cudaStream_t stream) {
  if (run.count > 0) check_nccl(ncclSend(run.data, run.count, run.type, to, comm, stream), "ncclSend");
}

void receive_run(const NcclRun& run, int from, ncclComm_t comm, cudaStream_t stream) {
  if (run.count > 0) check_nccl(ncclRecv(run.data, run.count, run.type, from, comm, stream), "ncclRecv");
}

/// Every rank its part.
void send_parts(const at::Tensor& input, const std::vector<std::int64_t>& parts, ncclComm_t comm,
                cudaStream_t stream) {
  const auto begins = part_begins(parts);
  for (std::size_t rank = 0; rank < parts.size(); ++rank)
    send_run({input, begins[rank], parts[rank]}, static_cast<int>(rank), comm, stream);
}

void receive_parts(const at::Tensor& output, const std::vector<std::int64_t>& parts, ncclComm_t comm,
                   cudaStream_t stream) {
  const auto begins = part_begins(parts);
  for (std::size_t rank = 0; rank < parts.size(); ++rank)
    receive_run({output, begins[rank], parts[rank]}, static_cast<int>(rank), comm, stream);
}

}  // namespace

NcclCommunicator::NcclCommunicator(Communicator& bootstrap, int device, NcclOptions options)
    : rank_(bootstrap.rank()),
      size_(bootstrap.size()),
      device_(c10::kCUDA, static_cast<c10::DeviceIndex>(device)) {
  on_all_ranks(bootstrap, [&] {
    const int devices = c10::cuda::device_count();
    require(device >= 0 && device < devices, "there is no CUDA device {}: this process sees {}", device,
            devices);
  });
  const c10::cuda::CUDAGuard guard(device_);
  stream_ = std::make_unique<CudaStream>();
  comm_ = std::make_shared<NcclComm>(shared_nccl_id(bootstrap), rank_, size_, options.deadline);
}

std::unique_ptr<Work> NcclCommunicator::start(const char* operation, std::vector<at::Tensor> tensors,
                                              const NcclCalls& calls) {
  const c10::cuda::CUDAGuard guard(device_);
  CudaEvent before, end;
  before.record(c10::cuda::getCurrentCUDAStream(device_.index()).stream());
  before.hold_back(stream_->get());
  comm_->issue(operation, [&](ncclComm_t comm) { calls(comm, stream_->get()); });
  end.record(stream_->get());
  return std::make_unique<NcclWork>(comm_, operation, std::move(tensors), std::move(end));
}

std::unique_ptr<Work> NcclCommunicator::start_broadcast(at::Tensor tensor, int root) {
  return start("broadcast", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    const NcclRun all(tensor);
    if (all.count > 0)
      check_nccl(ncclBroadcast(all.data, all.data, all.count, all.type, root, comm, stream), "ncclBroadcast");
  });
}

std::unique_ptr<Work> NcclCommunicator::start_all_reduce(at::Tensor tensor, ReduceOp op) {
  return start("all_reduce", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    const NcclRun all(tensor);
    if (all.count > 0)
      check_nccl(ncclAllReduce(all.data, all.data, all.count, all.type, nccl_reduction(op), comm, stream),
                 "ncclAllReduce");
  });
}

std::unique_ptr<Work> NcclCommunicator::start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                             FullParts parts) {
  return start("reduce_scatter", {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
    const NcclRun own(output);
    if (are_equal(parts)) {
      if (own.count > 0)
        check_nccl(
            ncclReduceScatter(NcclRun(input).data, own.data, own.count, own.type, ncclSum, comm, stream),
            "ncclReduceScatter");
      return;
    }
    const auto begins = part_begins(parts);
    for (int root = 0; root < size_; ++root) {
      const auto part = static_cast<std::size_t>(root);
      const NcclRun from(input, begins[part], parts[part]);
      if (from.count > 0)
        check_nccl(ncclReduce(from.data, own.data, from.count, from.type, ncclSum, root, comm, stream),
                   "ncclReduce");
    }
  });
}

std::unique_ptr<Work> NcclCommunicator::start_all_gather(at::Tensor output, at::Tensor input,
                                                         FullParts parts) {
  return start("all_gather", {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
    const NcclRun own(input);
    if (are_equal(parts)) {
      if (own.count > 0)
        check_nccl(ncclAllGather(own.data, NcclRun(output).data, own.count, own.type, comm, stream),
                   "ncclAllGather");
      return;
    }
    const auto begins = part_begins(parts);
    for (int root = 0; root < size_; ++root) {
      const auto part = static_cast<std::size_t>(root);
      const NcclRun to(output, begins[part], parts[part]);
      if (to.count > 0)
        check_nccl(ncclBroadcast(own.data, to.data, to.count, to.type, root, comm, stream), "ncclBroadcast");
    }
  });
}

std::unique_ptr<Work> NcclCommunicator::start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                                         FullParts received) {
  return start("all_to_all", {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
    send_parts(input, sent, comm, stream);
    receive_parts(output, received, comm, stream);
  });
}

std::unique_ptr<Work> NcclCommunicator::start_gather(at::Tensor output, at::Tensor input, int root,
                                                     FullParts parts) {
  return start("gather", {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
    send_run(NcclRun(input), root, comm, stream);
    if (rank_ == root) receive_parts(output, parts, comm, stream);
  });
}

std::unique_ptr<Work> NcclCommunicator::start_scatter(at::Tensor output, at::Tensor input, int root,
                                                      FullParts parts) {
  return start("scatter", {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
    if (rank_ == root) send_parts(input, parts, comm, stream);
    receive_run(NcclRun(output), root, comm, stream);
  });
}

void NcclCommunicator::run_barrier() {
  const at::Tensor token = at::zeros({1}, at::TensorOptions(device_).dtype(at::kInt));
  start("barrier", {token}, [&](ncclComm_t comm, cudaStream_t stream) {
    const NcclRun all(token);
    check_nccl(ncclAllReduce(all.data, all.data, all.count, all.type, ncclSum, comm, stream),
               "ncclAllReduce");
  })->wait();
}

std::unique_ptr<Work> NcclCommunicator::start_send(at::Tensor tensor, int to, int) {
  return start("send", {tensor},
               [&](ncclComm_t comm, cudaStream_t stream) { send_run(NcclRun(tensor), to, comm, stream); });
}

std::unique_ptr<Work> NcclCommunicator::start_receive(at::Tensor tensor, int from, int) {
  return start("receive", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    receive_run(NcclRun(tensor), from, comm, stream);
  });
}

}  // namespace pagewright
