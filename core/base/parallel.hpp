#pragma once
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pagewright {

/// A fixed set of worker threads for independent jobs, such as the lanes of a batch. Which thread takes which
/// job is left open, so a job's result must not depend on it; then results are the same with any number of
/// threads.
class LanePool {
 public:
  /// `thread_init` runs once in every worker, with its number, before its first job; an exception in it comes
  /// out of the constructor.
  explicit LanePool(int threads, std::function<void(int worker)> thread_init = {});
  ~LanePool();
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()); }

  /// Runs job(0) ... job(count - 1), started in this order, and waits for all. If jobs throw, the exception
  /// of the lowest one is thrown again, the same in every run; jobs above it may be left out. Callers wait
  /// for each other; a job must not call run() on its own pool.
  void run(int count, const std::function<void(int job)>& job);
  /// The same with the number of the worker, 0 ... threads() - 1, for scratch memory.
  void run_on_workers(int count, const std::function<void(int job, int worker)>& job);

 private:
  struct Work {
    const std::function<void(int, int)>* job = nullptr;
    int count = 0;
    int next = 0;
    int running = 0;
    int failed = -1;  ///< lowest job that threw
    std::exception_ptr error;
    bool done() const { return next >= count && running == 0; }
  };

  void serve(int worker, const std::function<void(int)>& thread_init);
  void run_next_job(std::unique_lock<std::mutex>& lock, int worker);
  void stop() noexcept;

  std::mutex caller_mutex_;
  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable work_done_;
  Work work_;
  int ready_workers_ = 0;
  std::exception_ptr init_error_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace pagewright
