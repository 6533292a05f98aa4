#include "core/text/normalisation.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <utf8proc.h>

#include "core/base/error.hpp"
#include "core/text/unicode_tables.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

bool is_unnormalised(char32_t code_point) {
  return code_point >= 0x7FD && find_range(unnormalised_ranges(), code_point) != nullptr;
}

int utf8proc_options(NormalForm form) {
  switch (form) {
    case NormalForm::nfc:
      return UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    case NormalForm::nfd:
      return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    case NormalForm::nfkc:
      return UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    default:
      return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
  }
}

/// Characters that are the same in every normal form and around which nothing moves: below U+00C0 (U+0300 for
/// NFC), most ideographs, and in composed forms Hangul syllables not followed by jamo, which are not looked
/// for here.
bool is_inert(char32_t c, NormalForm form) {
  if (c < 0xA0) return true;
  if (c < 0x300) return form == NormalForm::nfc || (form == NormalForm::nfd && c < 0xC0);
  return c >= 0x3400 && c <= 0x9FFF;
}

/// Text without newer characters, by utf8proc.
void append_normalised(std::string& result, std::string_view text, NormalForm form) {
  if (text.empty()) return;
  std::vector<std::int32_t> points(text.size() + 16);
  const auto bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  const auto options = static_cast<utf8proc_option_t>(utf8proc_options(form));
  utf8proc_ssize_t count = 0;
  // Asks again with room for all when the decomposition is longer than the text.
  while ((count = utf8proc_decompose(bytes, size, points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                     options)) > static_cast<utf8proc_ssize_t>(points.size()))
    points.resize(static_cast<std::size_t>(count));
  require(count >= 0, "cannot normalise a text: {}", utf8proc_errmsg(count));
  count = utf8proc_normalize_utf32(points.data(), count, options);
  require(count >= 0, "cannot normalise a text: {}", utf8proc_errmsg(count));
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const std::int32_t point = points[static_cast<std::size_t>(i)];
    if (!is_unnormalised(static_cast<char32_t>(point))) {
      append_utf8(result, static_cast<char32_t>(point));
      continue;
    }
    // A composition that utf8proc knows and Unicode 9 does not: back to its parts.
    std::int32_t parts[16];
    int boundary = 0;
    const utf8proc_ssize_t n = utf8proc_decompose_char(
        point, parts, 16, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary);
    for (utf8proc_ssize_t k = 0; k < n && k < 16; ++k) append_utf8(result, static_cast<char32_t>(parts[k]));
  }
}

}  // namespace

std::string normalise(std::string_view text, NormalForm form) {
  std::size_t position = 0;
  while (position < text.size() && is_inert(code_point_at(text, position), form))
    position += utf8_length(text[position]);
  if (position == text.size()) return std::string(text);
  std::string result;
  result.reserve(text.size() + 16);
  std::size_t begin = 0;
  for (position = 0; position < text.size(); position += utf8_length(text[position])) {
    if (!is_unnormalised(code_point_at(text, position))) continue;
    append_normalised(result, text.substr(begin, position - begin), form);
    begin = position + utf8_length(text[position]);
    result.append(text.substr(position, begin - position));
  }
  append_normalised(result, text.substr(begin), form);
  return result;
}

namespace {

char32_t lower_case_of(char32_t c) {
  const auto later = later_lower_case();
  const auto found =
      std::lower_bound(later.begin(), later.end(), c,
                       [](const LowerCase& entry, char32_t wanted) { return entry.first < wanted; });
  if (found != later.end() && found->first == c) return found->lower;
  if (find_range(stand_ins(), c) != nullptr) return c;  // no letter, as far as `tokenizers` knows
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 8);
  for (std::size_t position = 0; position < text.size(); position += utf8_length(text[position])) {
    const char32_t c = code_point_at(text, position);
    if (c == 0x130)
      result += "i\xCC\x87";  // the only character whose lower case is two
    else
      append_utf8(result, c < 0x80 && !(c >= 'A' && c <= 'Z') ? c : lower_case_of(c));
  }
  return result;
}

}  // namespace pagewright
