#include "core/text/text_pattern.hpp"

#include <thread>

#include "core/text/oniguruma_pattern.hpp"
#include "core/text/split_behavior.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

namespace {

/// The spans of a text, matches in brackets.
std::string spans_of(const TextPattern& pattern, std::string_view text) {
  std::vector<PatternSpan> spans;
  pattern.find(text, spans);
  std::string result;
  for (const PatternSpan& span : spans) {
    const std::string part(text.substr(span.begin, span.end - span.begin));
    result += span.is_match ? "[" + part + "]" : part;
  }
  return result;
}

std::string regex_spans(std::string_view expression, std::string_view text) {
  return spans_of(TextPattern::regex(expression), text);
}

std::string pieces_of(SplitBehavior behavior, std::string_view text) {
  std::vector<PatternSpan> spans;
  TextPattern::literal("-").find(text, spans);
  apply_split(behavior, spans);
  std::string result;
  for (const PatternSpan& span : spans)
    result += (result.empty() ? "" : "|") + std::string(text.substr(span.begin, span.end - span.begin));
  return result;
}

std::string refusal(std::string_view expression) {
  return test::error_text([&] { TextPattern::regex(expression); });
}

}  // namespace

TEST_CASE("Matches and what lies between them cover the text") {
  CHECK(spans_of(TextPattern::literal("ab"), "xababy ab") == "x[ab][ab]y [ab]");
  CHECK(regex_spans(R"(\p{L}+|\p{N}{1,3})", "ab12345 ü") == "[ab][123][45] [ü]");
  CHECK(regex_spans(R"(\s+(?!\S)|\s+)", "a   b  ") == "a[  ][ ]b[  ]");
  CHECK(regex_spans("x*", "axxb") == "[]a[xx]b[]");
  CHECK(regex_spans("(?i:'s|'ll)", "a'S'ſ'LL'x") == "a['S]['ſ]['LL]'x");
}

TEST_CASE("Sets mean what they mean in Oniguruma") {
  CHECK(regex_spans(R"(\s)", "a\u180e\u0085\u3000") ==
        "a\u180e[\u0085][\u3000]");  // U+180E is no space any more
  CHECK(regex_spans(R"([\S])", "\u180e ") == "[\u180e] ");
  CHECK(regex_spans(R"(\w)", "½_é-") == "[½][_][é]-");  // Latin-1's words outside of a class
  CHECK(regex_spans(R"([\w])", "½_é-") == "½[_][é]-");
  CHECK(regex_spans(R"(\v)", "\n\v") == "\n[\v]");
  CHECK(regex_spans(R"(\p{Han}+)", "、中文") == "、[中文]");  // by script, not by script extensions
  CHECK(regex_spans(".", "\n\r") == "\n[\r]");
  CHECK(regex_spans("[一-龥]", "一a龥龦") == "[一]a[龥]龦");
}

TEST_CASE("Characters have the category of Unicode 16, whatever PCRE2 knows") {
  CHECK(regex_spans(R"(\p{L}+)", "\U00031350\U000105c0\u1c89") ==
        "[\U00031350\U000105c0\u1c89]");  // 15, 16, 16
  CHECK(regex_spans(R"(\p{Nd})", "\U00010d40") == "[\U00010d40]");
  CHECK(regex_spans(R"(\p{Han})", "\U0002ebf0") == "[\U0002ebf0]");
  CHECK(regex_spans(R"(\p{L})", "\U00011de0") == "\U00011de0");  // a digit of Unicode 17: nothing yet
}

TEST_CASE("What an expression may not hold is refused by name") {
  for (const std::string_view part :
       {R"(\h)", R"(\b)", R"(\A)", "^a", "a$", R"((a)\1)", "(?<n>a)", "(?m:a)", "[a&&b]", "[a[b]]", "[]a]",
        "a{2}+", "a**", R"(\p{Greek})", R"([\W])", R"(\R)", "(*UCP)", "a(?i)b", R"(\x80)"})
    CHECK(test::contains(refusal(part), std::string("regular expression '") + std::string(part)));
  CHECK(test::contains(refusal("ab(c"), "not closed"));
  CHECK(test::contains(refusal("ab)"), "closes none"));
  CHECK(test::contains(refusal("[a"), "not closed"));
  CHECK(test::contains(refusal("(?i:ss)"), "one character may stand for both"));
  CHECK(test::contains(refusal("x\\"), "backslash"));
  CHECK(test::contains(test::error_text([] { TextPattern::literal(""); }), "empty text"));
}

TEST_CASE("A search that does not end is an error, not a hang") {
  const TextPattern pattern = TextPattern::regex("(?:a+)+[bc]");
  const std::string text(40, 'a');
  std::vector<PatternSpan> spans;
  CHECK(test::contains(test::error_text([&] { pattern.find(text, spans); }), "cannot be matched"));
}

TEST_CASE("Long runs are matched without running out of stack") {
  const std::string spaces(3'000'000, ' ');
  std::vector<PatternSpan> spans;
  TextPattern::regex(R"(\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+)").find(spaces, spans);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].end == spaces.size());
}

TEST_CASE("Splits treat matches in five ways") {
  CHECK(pieces_of(SplitBehavior::removed, "a--b-") == "a|b");
  CHECK(pieces_of(SplitBehavior::isolated, "a--b-") == "a|-|-|b|-");
  CHECK(pieces_of(SplitBehavior::merged_with_previous, "a--b-") == "a-|-|b-");
  CHECK(pieces_of(SplitBehavior::merged_with_next, "a--b-") == "a|-|-b|-");
  CHECK(pieces_of(SplitBehavior::contiguous, "a--b-") == "a|--|b|-");
  CHECK(test::contains(test::error_text([] { split_behavior("Sideways"); }), "Sideways"));
}

}  // namespace pagewright
