#include "distributed/nccl/nccl_work.hpp"

#include <exception>

#include "core/base/log.hpp"

namespace pagewright {

NcclWork::~NcclWork() {
  // A group that was given up has no kernel left that could touch the tensors.
  if (comm_->given_up()) return;
  try {
    if (std::uncaught_exceptions() > exceptions_at_start_ && !done())
      comm_->abort();
    else
      wait();
  } catch (const std::exception& error) {
    log_warn("{}", error.what());
  }
}

bool NcclWork::done() {
  if (!done_) done_ = comm_->finished(operation_, end_);
  return done_;
}

void NcclWork::wait() {
  if (done_) return;
  comm_->wait(operation_, end_);
  done_ = true;
}

}  // namespace pagewright
