#include "core/text/oniguruma_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/error.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

constexpr std::string_view kGeneralCategories[] = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc",
                                                   "Me", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Ps",
                                                   "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So",
                                                   "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Co", "Cn"};
constexpr std::string_view kWordItems = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Outside of a class Oniguruma takes words below U+0100 from Latin-1, where these are among them.
constexpr std::string_view kLatinWordItems =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
constexpr std::string_view kSpaceItems = R"(\t-\r\x{85}\p{Z})";

}  // namespace

void PatternReader::refuse(std::size_t length) const {
  fail("'{}' at byte {} is not supported", in_.substr(at_, length), at_);
}

char32_t PatternReader::read_character() {
  const char32_t c = code_point_at(in_, at_);
  at_ += utf8_length(in_[at_]);
  return c;
}

std::optional<std::string> PatternReader::read_set(bool in_class) {
  require(at_ + 1 < in_.size(), "it ends in a backslash");
  const char kind = in_[at_ + 1];
  const auto spelled = [&](std::string_view items, bool complement) {
    if (in_class && complement) refuse(2);
    at_ += 2;
    return in_class ? std::string(items) : fmt::format("[{}{}]", complement ? "^" : "", items);
  };
  switch (kind) {
    case 's':
      return spelled(kSpaceItems, false);
    case 'S':
      if (!in_class) return spelled(kSpaceItems, true);
      at_ += 2;
      return R"(\S\x{180e})";  // which PCRE2 counts as a space, Unicode no more
    case 'w':
      return spelled(in_class ? kWordItems : kLatinWordItems, false);
    case 'W':
      return spelled(kLatinWordItems, true);
    case 'd':
      at_ += 2;
      return R"(\p{Nd})";
    case 'D':
      at_ += 2;
      return R"(\P{Nd})";
    case 'p':
    case 'P':
      return read_property(kind == 'P');
    default:
      return std::nullopt;
  }
}

std::string PatternReader::read_property(bool complement) {
  const std::size_t close = in_.find('}', at_);
  if (close == std::string_view::npos || at_ + 2 >= in_.size() || in_[at_ + 2] != '{') refuse(3);
  std::string_view property = in_.substr(at_ + 3, close - at_ - 3);
  if (property.starts_with('^')) {
    complement = !complement;
    property.remove_prefix(1);
  }
  const bool category = std::find(std::begin(kGeneralCategories), std::end(kGeneralCategories), property) !=
                        std::end(kGeneralCategories);
  if (!category && property != "Han") refuse(close + 1 - at_);
  at_ = close + 1;
  return fmt::format("\\{}{{{}{}}}", complement ? 'P' : 'p', category ? "" : "sc:", property);
}

char32_t PatternReader::read_escape() {
  const char kind = in_[at_ + 1];
  static constexpr std::pair<char, char32_t> kControls[] = {{'n', 0xA}, {'t', 0x9}, {'r', 0xD}, {'f', 0xC},
                                                            {'v', 0xB}, {'a', 0x7}, {'e', 0x1B}};
  for (const auto& [name, c] : kControls)
    if (kind == name) {
      at_ += 2;
      return c;
    }
  if (kind == 'x' || kind == 'u') return read_hexadecimal(kind);
  const bool is_letter_or_digit =
      (kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z') || (kind >= '0' && kind <= '9');
  if (is_letter_or_digit) refuse(2);
  ++at_;
  return read_character();
}

char32_t PatternReader::read_hexadecimal(char kind) {
  const bool braces = kind == 'x' && at_ + 2 < in_.size() && in_[at_ + 2] == '{';
  std::size_t begin = at_ + (braces ? 3 : 2);
  const std::size_t wanted = braces ? 6 : kind == 'u' ? 4 : 2;
  std::size_t end = begin;
  char32_t value = 0;
  for (; end < in_.size() && end - begin < wanted; ++end) {
    const char c = in_[end];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) break;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  const bool whole = braces ? end > begin && end < in_.size() && in_[end] == '}' : end - begin == wanted;
  // \x80 and above would be a byte, not a character, in Oniguruma.
  const bool is_character =
      value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF) && (braces || kind == 'u' || value < 0x80);
  if (!whole || !is_character) refuse(end - at_);
  at_ = end + (braces ? 1 : 0);
  return value;
}

}  // namespace pagewright
