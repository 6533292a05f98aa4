// What NcclComm and NcclWork do around NCCL, with a fake one.
#include "distributed/nccl/nccl_comm.hpp"

#include <ATen/ops/full.h>

#include "core/base/error.hpp"
#include "distributed/nccl/nccl_call.hpp"
#include "distributed/nccl/nccl_work.hpp"
#include "tests/nccl/fake_nccl_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using Calls = std::vector<std::string>;

constexpr std::chrono::milliseconds kShort{40};

std::shared_ptr<NcclComm> make_comm(std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  return std::make_shared<NcclComm>(ncclUniqueId{}, 0, 2, deadline);
}

}  // namespace

TEST_CASE("calls are one group, and NCCL is asked until it is through") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  fake.questions_in_progress = 3;
  {
    NcclComm comm(ncclUniqueId{}, 0, 2, std::chrono::seconds(10));
    CHECK(fake.questions_left == 0);
    comm.issue("all_reduce", [&](ncclComm_t handle) {
      CHECK(handle != nullptr);
      fake.calls.emplace_back("enqueue");
    });
    CHECK(fake.questions_left == 0);
  }
  CHECK(fake.calls == Calls{"init", "group start", "enqueue", "group end", "finalize", "destroy"});
}

TEST_CASE("a failure in the background aborts, is named, and everything later is refused") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  {
    NcclComm comm(ncclUniqueId{}, 0, 2, std::chrono::seconds(10));
    const CudaEvent end;
    fake.event_reached = false;
    fake.state = ncclRemoteError;
    const std::string text = test::error_text([&] { comm.wait("reduce_scatter", end); });
    CHECK(test::contains(text, "reduce_scatter: remote process exited or there was a network error"));
    CHECK(fake.count("abort") == 1);
    CHECK(comm.given_up());
    const std::string later = test::error_text([&] { comm.issue("broadcast", [](ncclComm_t) {}); });
    CHECK(test::contains(later,
                         "broadcast: the NCCL group was given up after a failure: reduce_scatter: remote"));
    CHECK_THROWS_AS(comm.finished("broadcast", end), Error);
  }
  CHECK(fake.calls == Calls{"init", "abort"});
}

TEST_CASE("a failure while enqueueing closes the group and aborts") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  const auto comm = make_comm();
  const std::string text = test::error_text(
      [&] { comm->issue("gather", [](ncclComm_t) { check_nccl(ncclInvalidArgument, "ncclSend"); }); });
  CHECK(test::contains(text, "gather: ncclSend: invalid argument"));
  CHECK(fake.calls == Calls{"init", "group start", "group end", "abort"});
}

TEST_CASE("ranks that do not come are an error after the deadline") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  SECTION("when the group is made") {
    fake.questions_in_progress = 1'000'000'000;
    CHECK(
        test::error_text([] { make_comm(kShort); }) ==
        "joining an NCCL group as rank 0 of 2: not finished within 0.04 s: a rank has not joined it, or has "
        "failed");
    CHECK(fake.calls == Calls{"init", "abort"});
  }
  SECTION("when an operation makes its connections") {
    const auto comm = make_comm(kShort);
    fake.questions_in_progress = 1'000'000'000;
    CHECK(test::contains(test::error_text([&] { comm->issue("all_gather", [](ncclComm_t) {}); }),
                         "all_gather: not finished within 0.04 s"));
    CHECK(fake.count("abort") == 1);
  }
  SECTION("when the device waits for them") {
    const auto comm = make_comm(kShort);
    fake.event_reached = false;
    NcclWork work(comm, "all_reduce", {}, CudaEvent{});
    CHECK(test::contains(test::error_text([&] { work.wait(); }), "all_reduce: not finished within 0.04 s"));
    CHECK(fake.count("abort") == 1);
  }
  SECTION("when the group ends") {
    auto comm = make_comm(kShort);
    fake.questions_in_progress = 1'000'000'000;
    comm.reset();
    CHECK(fake.calls == Calls{"init", "finalize", "abort"});
  }
}

TEST_CASE("an error that ends the rank aborts the group instead of waiting for the others") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  CHECK_THROWS_AS(
      [] {
        const auto comm = make_comm();
        fail("the disk is full");
      }(),
      Error);
  CHECK(fake.calls == Calls{"init", "abort"});
}

TEST_CASE("a work is done when the device is, and keeps its tensors until then") {
  test::FakeNccl& fake = test::reset_fake_nccl();
  const auto comm = make_comm(kShort);
  const at::Tensor tensor = at::full({3}, 1.0F);
  fake.event_reached = false;
  {
    NcclWork work(comm, "broadcast", {tensor}, CudaEvent{});
    CHECK(tensor.use_count() == 2);
    CHECK_FALSE(work.done());
    fake.event_reached = true;
    CHECK(work.done());
    work.wait();
  }
  CHECK(tensor.use_count() == 1);
  fake.event_reached = false;
  { NcclWork dropped(comm, "broadcast", {tensor}, CudaEvent{}); }  // waits, in vain, and throws nothing
  CHECK(comm->given_up());
  { NcclWork other(comm, "broadcast", {tensor}, CudaEvent{}); }  // has nothing to wait for
  CHECK(fake.count("abort") == 1);
}

}  // namespace pagewright
