#include "core/data/page_id_set.hpp"

#include <string>

#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("a set of page ids holds what was put in and nothing else, while it grows") {
  PageIdSet set;
  CHECK_FALSE(set.contains(""));
  for (int i = 0; i < 20000; ++i) {
    const std::string id = "page-" + std::to_string(i);
    REQUIRE_FALSE(set.contains(id));
    set.insert(id);
    set.insert(id);
    REQUIRE(set.contains(id));
  }
  CHECK(set.size() == 20000);
  for (int i = 0; i < 20000; ++i) {
    REQUIRE(set.contains("page-" + std::to_string(i)));
    REQUIRE_FALSE(set.contains("page-" + std::to_string(20000 + i)));
  }
}

}  // namespace pagewright
