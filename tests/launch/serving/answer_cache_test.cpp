#include "launch/serving/answer_cache.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

using CachedLines = std::vector<std::string>;

}  // namespace

TEST_CASE("the newest answers are kept, those that were asked for longest ago go") {
  AnswerCache cache(2);
  CHECK(cache.find("a") == nullptr);
  cache.keep("a", {"1", "2"});
  cache.keep("b", {"3"});
  REQUIRE(cache.find("a") != nullptr);
  CHECK(*cache.find("a") == CachedLines{"1", "2"});
  cache.keep("c", {"4"});
  CHECK(cache.find("b") == nullptr);
  REQUIRE(cache.find("a") != nullptr);
  REQUIRE(cache.find("c") != nullptr);
  cache.keep("c", {"other"});  // the same text has the same answer
  CHECK(*cache.find("c") == CachedLines{"4"});
  CHECK(cache.size() == 2);
  CHECK(cache.asked() == 7);
  CHECK(cache.found() == 5);
}

TEST_CASE("kept answers are bounded in bytes") {
  AnswerCache cache(1000);
  const std::string large(AnswerCache::kMostBytes / 4, 'x');
  for (const char* text : {"a", "b", "c", "d", "e"}) cache.keep(text, {large});
  CHECK(cache.size() == 3);
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("e") != nullptr);
}

TEST_CASE("without room nothing is kept and nothing is counted") {
  AnswerCache cache(0);
  cache.keep("a", {"1"});
  CHECK(cache.find("a") == nullptr);
  CHECK(cache.asked() == 0);
}
