#include "core/base/parallel.hpp"

#include <utility>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

thread_local const LanePool* current_lane_pool = nullptr;

}  // namespace

LanePool::LanePool(int threads, std::function<void(int)> thread_init) {
  require(threads >= 1, "a pool needs at least one thread, not {}", threads);
  try {
    for (int worker = 0; worker < threads; ++worker)
      workers_.emplace_back([this, worker, thread_init] { serve(worker, thread_init); });
  } catch (...) {
    stop();
    throw;
  }
  std::unique_lock lock(mutex_);
  work_done_.wait(lock, [&] { return ready_workers_ == threads; });
  if (!init_error_) return;
  lock.unlock();
  stop();
  std::rethrow_exception(init_error_);
}

LanePool::~LanePool() {
  stop();
}

void LanePool::stop() noexcept {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_ready_.notify_all();
  for (auto& worker : workers_) worker.join();
  workers_.clear();
}

void LanePool::serve(int worker, const std::function<void(int)>& thread_init) {
  current_lane_pool = this;
  std::exception_ptr error;
  try {
    if (thread_init) thread_init(worker);
  } catch (...) {
    error = std::current_exception();
  }
  std::unique_lock lock(mutex_);
  if (error && !init_error_) init_error_ = error;
  ++ready_workers_;
  work_done_.notify_all();
  while (true) {
    work_ready_.wait(lock, [&] { return stopping_ || work_.next < work_.count; });
    if (stopping_) return;
    run_next_job(lock, worker);
    if (work_.done()) work_done_.notify_all();
  }
}

void LanePool::run_next_job(std::unique_lock<std::mutex>& lock, int worker) {
  const int job = work_.next++;
  const auto& call = *work_.job;
  ++work_.running;
  lock.unlock();
  std::exception_ptr error;
  try {
    call(job, worker);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  --work_.running;
  if (!error) return;
  // Jobs start in order, so every job below this one has started: the lowest failure is the same in every
  // run.
  work_.next = work_.count;
  if (work_.failed < 0 || job < work_.failed) {
    work_.failed = job;
    work_.error = error;
  }
}

void LanePool::run_on_workers(int count, const std::function<void(int, int)>& job) {
  require(current_lane_pool != this, "a job of a pool called the pool itself");
  if (count <= 0) return;
  std::lock_guard caller(caller_mutex_);
  std::unique_lock lock(mutex_);
  work_ = {};
  work_.job = &job;
  work_.count = count;
  work_ready_.notify_all();
  work_done_.wait(lock, [&] { return work_.done(); });
  if (std::exception_ptr error = std::exchange(work_.error, nullptr)) std::rethrow_exception(error);
}

void LanePool::run(int count, const std::function<void(int)>& job) {
  run_on_workers(count, [&job](int index, int) { job(index); });
}

}  // namespace pagewright
