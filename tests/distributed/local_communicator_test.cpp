#include "distributed/local_communicator.hpp"

#include "distributed/recording_communicator.hpp"
#include "tests/distributed/communicator_conformance_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("the local communicator is the group of one") {
  LocalCommunicator local;
  test::check_collectives(local);
  test::check_overlap(local);
  test::check_refusals(local);
  CHECK_THROWS_WITH(local.broadcast(at::Tensor(), 0), "broadcast: the tensor must be defined and contiguous");
}

TEST_CASE("a recorded communicator is the same communicator") {
  LocalCommunicator local;
  RecordingCommunicator recorded(local, {.remembered = 8, .verify = true});
  test::check_collectives(recorded);
  test::check_overlap(recorded);
  test::check_refusals(recorded);
  CHECK(recorded.recent().size() == 8);
  CHECK(recorded.totals().at("all_reduce sum").bytes == 0);
}

}  // namespace pagewright
