#include "core/base/table.hpp"

#include "core/base/unicode_width.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("a table aligns texts to the left and numbers to the right") {
  Table table({"policy", "GMV", "difference"});
  table.add_row({"random", "1.03", "-"});
  table.add_row({"both", "12.5", "+16.1 % [14.2, 18.0]"});
  table.add_rule();
  table.add_row({"oracle", "100", ""});
  CHECK(table.rows() == 3);
  CHECK(table.to_string() ==
        "policy   GMV            difference\n"
        "------  ----  --------------------\n"
        "random  1.03                     -\n"
        "both    12.5  +16.1 % [14.2, 18.0]\n"
        "------  ----  --------------------\n"
        "oracle   100\n");
}

TEST_CASE("a column with one text stands to the left") {
  Table table({"key", "value"});
  table.add_row({"a", "12"});
  table.add_row({"b", "none"});
  CHECK(table.to_string() == "key  value\n---  -----\na    12\nb    none\n");
}

TEST_CASE("a table without rows is its headers") {
  CHECK(Table({"a", "bc"}).to_string() == "a  bc\n-  --\n");
}

TEST_CASE("a row of another length is refused") {
  Table table({"a", "b"});
  CHECK(test::error_text([&] { table.add_row({"1"}); }) == "a table of 2 columns got a row of 1 cells");
}

TEST_CASE("a table aligns wide and combining characters by the columns they take") {
  Table table({"title", "n"});
  table.add_row({"靴", "1"});
  table.add_row({"Schöne Schuhe", "20"});
  table.add_row({"e\u0301te\u0301", "3"});
  CHECK(table.to_string() ==
        "title           n\n"
        "-------------  --\n"
        "靴              1\n"
        "Schöne Schuhe  20\n"
        "e\u0301te\u0301             3\n");
}

TEST_CASE("a Markdown table marks numeric columns and escapes bars") {
  Table table({"policy", "GMV"});
  table.add_row({"a|b", "1.5"});
  table.add_row({"two\nlines", "2"});
  CHECK(table.to_markdown() ==
        "| policy | GMV |\n"
        "| --- | ---: |\n"
        "| a\\|b | 1.5 |\n"
        "| two lines | 2 |\n");
}

TEST_CASE("the display width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("äöü€") == 4);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("👟") == 2);
  CHECK(display_width("a\u0300") == 1);
  CHECK(display_width("a\tb") == 2);
  CHECK(display_width("\xFF\xC3") == 2);
  CHECK(display_width("\xE2\x82") == 2);
  CHECK(first_columns("日本語", 5) == "日本");
  CHECK(first_columns("abc", 5) == "abc");
  CHECK(first_columns("abc", 0).empty());
  CHECK(first_columns("äbc", 2) == "äb");
}

}  // namespace pagewright
