#include "core/page/template_entry.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

std::string entry_problem(const std::string& text) {
  return test::error_text([&] { parse_template_entry(text, TemplateGroup::candidate); });
}

}  // namespace

TEST_CASE("an entry is cut into words and fields in their order") {
  const TemplateParts parts =
      parse_template_entry(" {title|text:24} by {brand|text} ({ad|bucket:2})", TemplateGroup::candidate);
  REQUIRE(parts.size() == 7);
  CHECK(parts[0].words == " ");
  CHECK(parts[1].field->str() == "{title|text:24}");
  CHECK(parts[2].words == " by ");
  CHECK(parts[3].field->str() == "{brand|text:32}");
  CHECK(parts[4].words == " (");
  CHECK(parts[5].field->kind == TemplateField::Kind::bucket);
  CHECK(parts[6].words == ")");
  CHECK(parts[0].is_text());
  CHECK(parts[1].is_text());
  CHECK_FALSE(parts[5].is_text());
}

TEST_CASE("doubled braces are characters") {
  const TemplateParts parts = parse_template_entry("a {{b}} {id|text}", TemplateGroup::candidate);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].words == "a {b} ");
  CHECK(parts[1].field->source == "id");
}

TEST_CASE("an entry with a brace too many or too few is refused") {
  CHECK(test::contains(entry_problem("{title|text"), "opens a brace that is not closed"));
  CHECK(test::contains(entry_problem("title}"), "closes a brace that was not opened"));
  CHECK(test::contains(entry_problem("{titel|text}"), "no source `titel` here"));
  CHECK(test::contains(entry_problem("{title|text:0}"), "a table size from 1"));
  CHECK(test::contains(entry_problem("{title|text:3:4}"), "must read {title|text} or {title|text:TOKENS}"));
}

}  // namespace pagewright
