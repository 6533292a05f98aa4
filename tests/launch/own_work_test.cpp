#include "launch/own_work.hpp"

#include "tests/support/catch.hpp"

using namespace pagewright;

TEST_CASE("own work is the time of the phases without what a learner waited in them") {
  OwnWork work;
  work.begin(5);
  CHECK(work.end({{"generate", 1}, {"evaluate", 2}, {"credit", 0.5}, {"learn", 4}, {"wait", 9}}, 6.5) ==
        std::vector<double>{1, 0, 2, 3});
}

TEST_CASE("what was waited between two iterations belongs to neither") {
  OwnWork work;
  work.begin(0);
  work.end({{"generate", 1}, {"score", 1}, {"evaluate", 1}, {"learn", 1}}, 0);
  work.begin(7);
  CHECK(work.end({{"generate", 1.5}, {"score", 2}, {"evaluate", 1}, {"learn", 3}}, 8) ==
        std::vector<double>{0.5, 1, 0, 1});
}
