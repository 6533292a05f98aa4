#pragma once
#include <algorithm>
#include <span>

namespace pagewright {

// Characters that Unicode versions see differently. Ids of a tokenizer must not depend on the libraries of a
// machine, so these tables hold what the Python package `tokenizers` 0.23 knows (its regular expressions:
// Unicode 16, its normaliser: Unicode 9, its digits and lower
// case: Unicode 17, its punctuation: Unicode 8), as measured by
// cmake/unicode_tables.py.

struct CodePointRange {
  char32_t first, last;
};

/// Code points whose general category is not known since Unicode 14: `by` is an old character of the same
/// category (and of the script Han or not) and of the same length in UTF-8.
struct StandIn {
  char32_t first, last, by;
};

/// An upper-case letter that is younger than Unicode 14.
struct LowerCase {
  char32_t first, lower;
};

std::span<const StandIn> stand_ins();  ///< ascending
std::span<const CodePointRange>
unnormalised_ranges();                             ///< neither decomposed, composed nor reordered; ascending
std::span<const LowerCase> later_lower_case();     ///< ascending
std::span<const CodePointRange> numeric_ranges();  ///< categories Nd, Nl and No; ascending
std::span<const CodePointRange> punctuation_ranges();  ///< ascending

/// The range that holds a code point, or null.
template <class Range>
const Range* find_range(std::span<const Range> ranges, char32_t code_point) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code_point,
                                      [](char32_t c, const Range& range) { return c < range.first; });
  if (after == ranges.begin()) return nullptr;
  const Range& range = *std::prev(after);
  return code_point <= range.last ? &range : nullptr;
}

}  // namespace pagewright
