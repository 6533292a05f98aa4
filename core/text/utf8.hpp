#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace pagewright {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  ///< U+FFFD

/// Length of the longest prefix that is valid UTF-8 (no surrogates, no overlong forms).
std::size_t valid_utf8_prefix(std::string_view bytes);
/// The same text with U+FFFD for each maximal subpart of an ill-formed sequence (Unicode 3.9, "U+FFFD
/// Substitution of Maximal Subparts"), as Python's bytes.decode(errors="replace") does.
std::string replace_invalid_utf8(std::string_view bytes);

/// Bytes of the character that begins with this byte, in valid UTF-8.
inline std::size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
/// The code point at a position of valid UTF-8.
char32_t code_point_at(std::string_view text, std::size_t position);
void append_utf8(std::string& text, char32_t code_point);
/// Where the last character of a text that is not empty begins.
std::size_t last_character(std::string_view text);

/// Unicode's White_Space.
bool is_white_space(char32_t code_point);

}  // namespace pagewright
