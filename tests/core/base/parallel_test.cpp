#include "core/base/parallel.hpp"

#include <atomic>
#include <barrier>
#include <chrono>
#include <set>
#include <string>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("a pool gives the same results with any number of threads") {
  const auto results_with = [](int threads) {
    std::vector<uint64_t> results(100);
    LanePool pool(threads);
    CHECK(pool.threads() == threads);
    for (int round = 0; round < 3; ++round)
      pool.run(100, [&](int job) {
        CounterRandom random(1, RandomStream::controls, 0, static_cast<uint64_t>(job));
        for (int i = 0; i < job; ++i) results[static_cast<std::size_t>(job)] += random.next_u64();
      });
    return results;
  };
  const auto expected = results_with(1);
  CHECK(results_with(2) == expected);
  CHECK(results_with(7) == expected);
}

TEST_CASE("every job runs once on a worker of the pool") {
  LanePool pool(3);
  std::vector<std::atomic<int>> runs(50);
  std::vector<std::atomic<int>> busy(3);
  std::atomic<int> shared{0};
  pool.run_on_workers(50, [&](int job, int worker) {
    if (busy[static_cast<std::size_t>(worker)]++ != 0) ++shared;
    ++runs[static_cast<std::size_t>(job)];
    --busy[static_cast<std::size_t>(worker)];
  });
  for (const auto& count : runs) CHECK(count == 1);
  CHECK(shared == 0);
  pool.run(0, [](int) { fail("no job was asked for"); });
}

TEST_CASE("jobs run side by side") {
  LanePool pool(2);
  std::barrier both(2);
  pool.run(2, [&](int) { both.arrive_and_wait(); });
  SUCCEED("both jobs met");
}

TEST_CASE("the exception of the lowest failing job comes out and the pool goes on") {
  LanePool pool(4);
  for (int round = 0; round < 50; ++round) {
    const std::string message = test::error_text([&] {
      pool.run(40, [](int job) {
        if (job == 3) std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (job >= 3) fail("job {}", job);
      });
    });
    REQUIRE(message == "job 3");
  }
  std::atomic<int> sum{0};
  pool.run(10, [&](int job) { sum += job; });
  CHECK(sum == 45);
}

TEST_CASE("each worker is set up once before its first job") {
  std::mutex mutex;
  std::set<int> workers;
  std::set<std::thread::id> threads;
  static thread_local int set_up = 0;
  LanePool pool(3, [&](int worker) {
    std::lock_guard lock(mutex);
    workers.insert(worker);
    threads.insert(std::this_thread::get_id());
    ++set_up;
  });
  CHECK(workers == std::set<int>{0, 1, 2});
  CHECK(threads.size() == 3);
  CHECK(threads.count(std::this_thread::get_id()) == 0);
  std::atomic<int> not_once{0};
  pool.run(30, [&](int) { not_once += set_up == 1 ? 0 : 1; });
  CHECK(not_once == 0);
}

TEST_CASE("a failing set-up of a worker comes out of the constructor") {
  CHECK(test::error_text([] {
          LanePool pool(3, [](int worker) { require(worker != 1, "worker {} has no stream", worker); });
        }) == "worker 1 has no stream");
}

TEST_CASE("wrong uses of a pool are refused") {
  CHECK(test::error_text([] { LanePool pool(0); }) == "a pool needs at least one thread, not 0");
  LanePool pool(2), other(1);
  CHECK(test::error_text([&] { pool.run(1, [&](int) { pool.run(1, [](int) {}); }); }) ==
        "a job of a pool called the pool itself");
  std::atomic<int> done{0};
  pool.run(3, [&](int) { other.run(2, [&](int) { ++done; }); });
  CHECK(done == 6);
}

TEST_CASE("callers of one pool wait for each other") {
  LanePool pool(2);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) pool.run(5, [&](int) { ++sum; });
    });
  for (auto& caller : callers) caller.join();
  CHECK(sum == 400);
}

}  // namespace pagewright
