#include "core/base/suggestion.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/float_format.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("the edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("sunday", "saturday") == 3);
  CHECK(edit_distance("clip", "cilp") == 1);
  CHECK(edit_distance("ca", "abc") == 3);
}

TEST_CASE("the nearest name is suggested only if it is near") {
  const std::vector<std::string> known{"epochs", "clip", "clip_high", "page_model", "lr"};
  CHECK(nearest_name("epoch", known) == "epochs");
  CHECK(nearest_name("clipp", known) == "clip");
  CHECK(nearest_name("clip-high", known) == "clip_high");
  CHECK(nearest_name("PageModel", known) == "page_model");
  CHECK(nearest_name("rl", known) == "lr");
  CHECK(nearest_name("something", known).empty());
  CHECK(nearest_name("x", known).empty());
  CHECK(nearest_name("epoch", {}).empty());
  CHECK(did_you_mean("epoch", known) == "; did you mean 'epochs'?");
  CHECK(did_you_mean("nothing", known).empty());
}

TEST_CASE("an error carries its text and the context put before it") {
  CHECK(test::error_text([] { fail("no {} at {}", "item", 3); }) == "no item at 3");
  CHECK(test::error_text([] { require(false, "must be {}", 1.5); }) == "must be 1.5");
  CHECK(test::error_text([] { require(true, "must be {}", 1.5); }) == "no error");
  CHECK(test::error_text([] { with_context("reading x", [] { fail("line {}", 3); }); }) ==
        "reading x: line 3");
  CHECK(test::error_text([] { with_context("reading x", [] { throw std::out_of_range("far"); }); }) ==
        "reading x: far");
  CHECK(with_context("adding", [] { return 3; }) == 3);
  int value = 0;
  with_context("referring", [&]() -> int& { return value; }) = 5;
  CHECK(value == 5);
}

TEST_CASE("numbers are written in the shortest text that reads back") {
  CHECK(shortest_text(0.1) == "0.1");
  CHECK(shortest_text(0.1f) == "0.1");
  CHECK(shortest_text(1.0 / 3) == "0.3333333333333333");
  CHECK(shortest_text(3.0) == "3");
  CHECK(shortest_text(-0.0) == "-0");
  CHECK(shortest_text(1e300) == "1e+300");
  CHECK(std::strtod(shortest_text(5e-324).c_str(), nullptr) == 5e-324);
}

}  // namespace pagewright
