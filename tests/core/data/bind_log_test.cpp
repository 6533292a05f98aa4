#include "core/data/bind_log.hpp"

#include "core/page/page_schema.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/core/data/log_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

PageSchema bind_test_schema(const std::vector<std::string>& names) {
  PageSchema schema;
  for (const auto& name : names) {
    schema.section_types.emplace_back();
    schema.section_types.back().name = name;
  }
  return schema;
}

TEST_CASE("pages of a log get the schema's section types by name") {
  auto log = version_1_log();
  bind_to_schema(log, bind_test_schema({"grid", "strip", "carousel"}));
  CHECK(log.pages[0].page.sections[0].type == 2);
  CHECK(log.pages[0].page.sections[1].type == 0);
  CHECK(log.pages[2].page.sections[0].type == 0);
}

TEST_CASE("a log that does not fit the schema is refused with the key to change") {
  auto log = version_1_log();
  CHECK(missing_from_error([&] { bind_to_schema(log, bind_test_schema({"grid", "list"})); },
                           {"page 'p1'", "section 'carousel'", "schema.section_types", "grid, list"}) == "");
  auto schema = bind_test_schema({"grid", "carousel"});
  schema.max_candidates = 3;
  CHECK(missing_from_error([&] { bind_to_schema(log, schema); },
                           {"request 'r1'", "has 4 candidates", "schema.max_candidates is 3"}) == "");
}

}  // namespace
}  // namespace pagewright
