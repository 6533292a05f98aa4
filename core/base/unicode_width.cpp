#include "core/base/unicode_width.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace pagewright {
namespace {

struct CodePointRange {
  uint32_t first, last;
};

// Ranges of the Unicode properties East_Asian_Width = W or F and General_Category = Mn, Me or Cf, the common
// blocks.
constexpr CodePointRange kZeroWidth[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
    {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0900, 0x0902}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
    {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
constexpr CodePointRange kDoubleWidth[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},  {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},  {0x26A1, 0x26A1},   {0x26BD, 0x26BE},   {0x2705, 0x2705},
    {0x2728, 0x2728},   {0x274C, 0x274C},  {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x2B50, 0x2B50},   {0x2E80, 0x303E},  {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},   {0xA960, 0xA97F},  {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t count>
bool lies_in(const CodePointRange (&ranges)[count], uint32_t code) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), code,
                       [](uint32_t value, const CodePointRange& range) { return value < range.first; });
  return after != std::begin(ranges) && code <= std::prev(after)->last;
}

/// Takes one code point off the text; a byte that begins none stands for itself and has the width of a
/// letter.
uint32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xF0 && lead < 0xF8 ? 4
                             : lead >= 0xE0                ? 3
                             : lead >= 0xC0                ? 2
                                                           : 0;
  constexpr uint32_t kBroken = 0xFFFD;
  uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
  bool whole = length > 0 && length <= text.size() && lead < 0xF8;
  for (std::size_t i = 1; whole && i < length; ++i) {
    whole = (byte(i) & 0xC0) == 0x80;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  text.remove_prefix(whole ? length : 1);
  return whole ? code : kBroken;
}

int code_point_width(uint32_t code) {
  if (code >= 0x20 && code < 0x7F) return 1;
  return lies_in(kZeroWidth, code) ? 0 : lies_in(kDoubleWidth, code) ? 2 : 1;
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) width += code_point_width(take_code_point(text));
  return width;
}

std::string first_columns(std::string_view text, int columns) {
  std::string_view rest = text;
  int width = 0;
  while (!rest.empty()) {
    std::string_view after = rest;
    width += code_point_width(take_code_point(after));
    if (width > columns) break;
    rest = after;
  }
  return std::string(text.substr(0, text.size() - rest.size()));
}

}  // namespace pagewright
