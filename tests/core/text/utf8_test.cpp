#include "core/text/utf8.hpp"

#include "core/text/byte_alphabet.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("Invalid UTF-8 is replaced once for each maximal subpart") {
  const std::string r(kReplacementCharacter);
  CHECK(replace_invalid_utf8("plain ü 中 😀") == "plain ü 中 😀");
  CHECK(replace_invalid_utf8("a\xFF"
                             "b") == "a" + r + "b");
  CHECK(replace_invalid_utf8("\xE2\x82") == r);                      // cut short
  CHECK(replace_invalid_utf8("\xF0\x9F\x98z") == r + "z");           // cut short by another character
  CHECK(replace_invalid_utf8("\xED\xA0\x80") == r + r + r);          // a surrogate
  CHECK(replace_invalid_utf8("\xC0\xAF") == r + r);                  // overlong
  CHECK(replace_invalid_utf8("\xF4\x90\x80\x80") == r + r + r + r);  // beyond U+10FFFF
  CHECK(replace_invalid_utf8("\xE2\x82\xE2\x82\xAC") == r + "€");
}

TEST_CASE("Code points and UTF-8 are each other's inverse") {
  for (char32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text = "x";
    append_utf8(text, c);
    REQUIRE(valid_utf8_prefix(text) == text.size());
    REQUIRE(code_point_at(text, 1) == c);
    REQUIRE(utf8_length(text[1]) == text.size() - 1);
    REQUIRE(last_character(text) == 1);
  }
}

TEST_CASE("The byte alphabet has a printable character for each byte") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  CHECK(from_byte_alphabet(to_byte_alphabet(bytes)) == bytes);
  CHECK(to_byte_alphabet("a b\n") == "aĠbĊ");
  CHECK(!from_byte_alphabet("a b"));
  CHECK(!from_byte_alphabet("中"));
}

}  // namespace pagewright
