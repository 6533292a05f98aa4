#include "core/data/split_rule.hpp"

#include "core/base/hash.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Request split_request(const std::string& user, std::int64_t time = 0) {
  Request request;
  request.id = "r";
  request.user = user;
  request.timestamp = time;
  return request;
}

TEST_CASE("the split by user has the shares asked for and never changes for a user") {
  const SplitRule rule{SplitRule::Kind::by_user, Split::train, .2, .1, 0, 0};
  std::array<int, 3> counts{};
  for (int i = 0; i < 100000; ++i)
    ++counts[static_cast<std::size_t>(rule(split_request("user " + std::to_string(i))))];
  CHECK(counts[0] == Approx(70000).margin(700));  // about five standard deviations
  CHECK(counts[1] == Approx(20000).margin(650));
  CHECK(counts[2] == Approx(10000).margin(480));
  // The rule as documented, by hand.
  const double u = static_cast<double>(stable_hash("ada", 1)) / 18446744073709551616.0;
  CHECK(rule(split_request("ada")) == (u < .1 ? Split::test : u < .3 ? Split::valid : Split::train));
  const SplitRule wider{SplitRule::Kind::by_user, Split::train, .5, .1, 0, 0};
  for (int i = 0; i < 1000; ++i) {
    const auto request = split_request("user " + std::to_string(i));
    if (rule(request) == Split::test) CHECK(wider(request) == Split::test);
    if (rule(request) == Split::valid) CHECK(wider(request) == Split::valid);
  }
}

TEST_CASE("the split by time cuts at the given seconds, and one split can take all") {
  const SplitRule rule{SplitRule::Kind::by_time, Split::train, 0, 0, 100, 200};
  CHECK(rule(split_request("u", 99)) == Split::train);
  CHECK(rule(split_request("u", 100)) == Split::valid);
  CHECK(rule(split_request("u", 199)) == Split::valid);
  CHECK(rule(split_request("u", 200)) == Split::test);
  CHECK(SplitRule{SplitRule::Kind::all, Split::valid, 0, 0, 0, 0}(split_request("u", 500)) == Split::valid);
}

TEST_CASE("shares and times that make no sense are refused") {
  CHECK(missing_from_error([] { SplitRule{SplitRule::Kind::by_user, Split::train, .6, .5, 0, 0}.validate(); },
                           {"valid 0.6 and test 0.5"}) == "");
  CHECK(missing_from_error([] { SplitRule{SplitRule::Kind::by_time, Split::train, 0, 0, 5, 4}.validate(); },
                           {"5 is after 4"}) == "");
  CHECK(missing_from_error([] { split_from_name("dev"); }, {"'dev' is no split"}) == "");
}

}  // namespace
}  // namespace pagewright
