#include "distributed/mpi/mpi_work.hpp"

#include <exception>
#include <utility>

#include "core/base/log.hpp"
#include "distributed/mpi/mpi_call.hpp"

namespace pagewright {

namespace {

/// What an operation that nobody waits for may still touch.
struct MpiMemory {
  std::vector<StagedTensor> tensors;
  std::vector<std::vector<int>> numbers;
};

}  // namespace

MpiWork::~MpiWork() {
  try {
    if (std::uncaught_exceptions() > exceptions_at_start_ && !done())
      new MpiMemory{std::move(tensors_), std::move(numbers_)};
    else
      wait();
  } catch (const std::exception& error) {
    log_warn("{}", error.what());
  }
}

at::Tensor MpiWork::stage(at::Tensor tensor, Staging use) {
  return tensors_.emplace_back(std::move(tensor), use).host();
}

int* MpiWork::keep(std::vector<int> numbers) {
  return numbers_.emplace_back(std::move(numbers)).data();
}

bool MpiWork::done() {
  if (done_) return true;
  int finished = 0;
  check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &finished, MPI_STATUSES_IGNORE),
            operation_);
  if (finished != 0) finish();
  return done_;
}

void MpiWork::wait() {
  if (done_) return;
  done_ = true;  // a second attempt could not do better
  check_mpi(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
            operation_);
  finish();
}

void MpiWork::finish() {
  done_ = true;
  for (StagedTensor& tensor : tensors_) tensor.finish();
}

}  // namespace pagewright
