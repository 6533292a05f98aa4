#include "distributed/mpi/mpi_communicator.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/mpi/mpi_call.hpp"
#include "distributed/mpi/mpi_work.hpp"
#include "distributed/parts.hpp"

namespace pagewright {
namespace {

std::vector<int> as_ints(const std::vector<std::int64_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

std::int64_t total_of(const std::vector<std::int64_t>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
}

char* element(const at::Tensor& tensor, std::int64_t index) {
  return static_cast<char*>(tensor.mutable_data_ptr()) +
         index * static_cast<std::int64_t>(tensor.element_size());
}

/// Calls piece(begin, count) for [begin, begin + count) cut into pieces of at most `limit`.
void for_pieces(std::int64_t begin, std::int64_t count, std::int64_t limit,
                const std::function<void(std::int64_t begin, int count)>& piece) {
  for (std::int64_t done = 0; done < count; done += limit)
    piece(begin + done, static_cast<int>(std::min(limit, count - done)));
}

}  // namespace

std::unique_ptr<MpiCommunicator> MpiCommunicator::world(std::int64_t limit) {
  MPI_Comm duplicate = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &duplicate), "MPI_Comm_dup");
  return std::unique_ptr<MpiCommunicator>(new MpiCommunicator(duplicate, limit));
}

MpiCommunicator::MpiCommunicator(MPI_Comm communicator, std::int64_t limit)
    : communicator_(communicator), limit_(limit) {
  check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(communicator_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(communicator_, &size_), "MPI_Comm_size");
}

MpiCommunicator::~MpiCommunicator() {
  if (MPI_Comm_free(&communicator_) != MPI_SUCCESS) log_warn("an MPI communicator could not be freed");
}

std::unique_ptr<MpiCommunicator> MpiCommunicator::split(int color) const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(communicator_, color < 0 ? MPI_UNDEFINED : color, rank_, &part), "MPI_Comm_split");
  if (part == MPI_COMM_NULL) return nullptr;
  return std::unique_ptr<MpiCommunicator>(new MpiCommunicator(part, limit_));
}

std::unique_ptr<Work> MpiCommunicator::start_broadcast(at::Tensor tensor, int root) {
  auto work = std::make_unique<MpiWork>("broadcast");
  tensor = work->stage(tensor, rank_ == root ? Staging::read : Staging::written);
  for_pieces(0, tensor.numel(), limit_, [&](std::int64_t begin, int count) {
    check_mpi(MPI_Ibcast(element(tensor, begin), count, mpi_type(tensor.scalar_type()), root, communicator_,
                         work->request()),
              "broadcast");
  });
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_all_reduce(at::Tensor tensor, ReduceOp op) {
  auto work = std::make_unique<MpiWork>("all_reduce");
  tensor = work->stage(tensor, Staging::both);
  const at::ScalarType type = tensor.scalar_type();
  for_pieces(0, tensor.numel(), limit_, [&](std::int64_t begin, int count) {
    check_mpi(MPI_Iallreduce(MPI_IN_PLACE, element(tensor, begin), count, mpi_type(type),
                             reductions_.of(type, op), communicator_, work->request()),
              "all_reduce");
  });
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                            FullParts parts) {
  auto work = std::make_unique<MpiWork>("reduce_scatter");
  output = work->stage(output, Staging::written);
  input = work->stage(input, Staging::read);
  const at::ScalarType type = input.scalar_type();
  const MPI_Op sum = reductions_.of(type, ReduceOp::sum);
  if (input.numel() <= limit_) {
    check_mpi(MPI_Ireduce_scatter(element(input, 0), element(output, 0), work->keep(as_ints(parts)),
                                  mpi_type(type), sum, communicator_, work->request()),
              "reduce_scatter");
    return work;
  }
  const auto begins = part_begins(parts);
  for (int root = 0; root < size_; ++root) {
    const auto part = static_cast<std::size_t>(root);
    for_pieces(0, parts[part], limit_, [&](std::int64_t begin, int count) {
      check_mpi(
          MPI_Ireduce(element(input, begins[part] + begin), root == rank_ ? element(output, begin) : nullptr,
                      count, mpi_type(type), sum, root, communicator_, work->request()),
          "reduce_scatter");
    });
  }
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_all_gather(at::Tensor output, at::Tensor input,
                                                        FullParts parts) {
  auto work = std::make_unique<MpiWork>("all_gather");
  output = work->stage(output, Staging::written);
  input = work->stage(input, Staging::read);
  if (total_of(parts) > limit_) {
    receive_parts(*work, output, parts);
    for (int step = 0; step < size_; ++step)
      send_pieces(*work, input, 0, input.numel(), (rank_ + step) % size_);
    return work;
  }
  const MPI_Datatype type = mpi_type(input.scalar_type());
  check_mpi(MPI_Iallgatherv(element(input, 0), static_cast<int>(input.numel()), type, element(output, 0),
                            work->keep(as_ints(parts)), work->keep(as_ints(part_begins(parts))), type,
                            communicator_, work->request()),
            "all_gather");
  return work;
}

// Always point to point: only the two ends know the size of a message, so ranks could not agree on another
// way.
std::unique_ptr<Work> MpiCommunicator::start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                                        FullParts received) {
  auto work = std::make_unique<MpiWork>("all_to_all");
  output = work->stage(output, Staging::written);
  input = work->stage(input, Staging::read);
  receive_parts(*work, output, received);
  send_parts(*work, input, sent);
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_gather(at::Tensor output, at::Tensor input, int root,
                                                    FullParts parts) {
  auto work = std::make_unique<MpiWork>("gather");
  if (rank_ == root) output = work->stage(output, Staging::written);
  input = work->stage(input, Staging::read);
  if (total_of(parts) > limit_) {
    if (rank_ == root) receive_parts(*work, output, parts);
    send_pieces(*work, input, 0, input.numel(), root);
    return work;
  }
  const MPI_Datatype type = mpi_type(input.scalar_type());
  check_mpi(MPI_Igatherv(element(input, 0), static_cast<int>(input.numel()), type,
                         rank_ == root ? element(output, 0) : nullptr, work->keep(as_ints(parts)),
                         work->keep(as_ints(part_begins(parts))), type, root, communicator_, work->request()),
            "gather");
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_scatter(at::Tensor output, at::Tensor input, int root,
                                                     FullParts parts) {
  auto work = std::make_unique<MpiWork>("scatter");
  output = work->stage(output, Staging::written);
  if (rank_ == root) input = work->stage(input, Staging::read);
  if (total_of(parts) > limit_) {
    receive_pieces(*work, output, 0, output.numel(), root);
    if (rank_ == root) send_parts(*work, input, parts);
    return work;
  }
  const MPI_Datatype type = mpi_type(output.scalar_type());
  check_mpi(MPI_Iscatterv(rank_ == root ? element(input, 0) : nullptr, work->keep(as_ints(parts)),
                          work->keep(as_ints(part_begins(parts))), type, element(output, 0),
                          static_cast<int>(output.numel()), type, root, communicator_, work->request()),
            "scatter");
  return work;
}

void MpiCommunicator::run_barrier() {
  check_mpi(MPI_Barrier(communicator_), "barrier");
}

std::unique_ptr<Work> MpiCommunicator::start_send(at::Tensor tensor, int to, int tag) {
  auto work = std::make_unique<MpiWork>("send");
  tensor = work->stage(tensor, Staging::read);
  send_pieces(*work, tensor, 0, tensor.numel(), to, tag);
  return work;
}

std::unique_ptr<Work> MpiCommunicator::start_receive(at::Tensor tensor, int from, int tag) {
  auto work = std::make_unique<MpiWork>("receive");
  tensor = work->stage(tensor, Staging::written);
  receive_pieces(*work, tensor, 0, tensor.numel(), from, tag);
  return work;
}

void MpiCommunicator::send_pieces(MpiWork& work, const at::Tensor& tensor, std::int64_t begin,
                                  std::int64_t count, int to, int tag) const {
  for_pieces(begin, count, limit_, [&](std::int64_t from, int elements) {
    check_mpi(MPI_Isend(element(tensor, from), elements, mpi_type(tensor.scalar_type()), to, tag,
                        communicator_, work.request()),
              "send");
  });
}

void MpiCommunicator::receive_pieces(MpiWork& work, const at::Tensor& tensor, std::int64_t begin,
                                     std::int64_t count, int from, int tag) const {
  for_pieces(begin, count, limit_, [&](std::int64_t to, int elements) {
    check_mpi(MPI_Irecv(element(tensor, to), elements, mpi_type(tensor.scalar_type()), from, tag,
                        communicator_, work.request()),
              "receive");
  });
}

void MpiCommunicator::send_parts(MpiWork& work, const at::Tensor& input, const FullParts& parts) const {
  const auto begins = part_begins(parts);
  for (int step = 0; step < size_; ++step) {
    const int peer = (rank_ + step) % size_;
    send_pieces(work, input, begins[static_cast<std::size_t>(peer)], parts[static_cast<std::size_t>(peer)],
                peer);
  }
}

void MpiCommunicator::receive_parts(MpiWork& work, const at::Tensor& output, const FullParts& parts) const {
  const auto begins = part_begins(parts);
  for (int step = 0; step < size_; ++step) {
    const int peer = (rank_ - step + size_) % size_;
    receive_pieces(work, output, begins[static_cast<std::size_t>(peer)],
                   parts[static_cast<std::size_t>(peer)], peer);
  }
}

}  // namespace pagewright
