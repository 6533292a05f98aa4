#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/text/unicode_tables.hpp"

namespace pagewright {

/// A regular expression in the syntax of PCRE2.
struct TranslatedPattern {
  std::string text;
  /// Characters beyond ASCII that the expression names itself, rather than by a property.
  std::vector<CodePointRange> named;
};

/// Translates an expression of a tokenizer.json, which is in Oniguruma's syntax, into PCRE2's (options UTF
/// and UCP). Where the two mean different things the result is spelled out: `\s`, `\w`, `\d`, `\v`, `.` and
/// scripts. Anchors, back references, subroutines, set operations and other constructs that no known
/// tokenizer uses are refused by name.
TranslatedPattern translate_oniguruma(std::string_view pattern);

}  // namespace pagewright
