#pragma once
#include <string>
#include <string_view>

namespace pagewright {

/// Columns that a UTF-8 text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining
/// marks and control characters, 1 for all else, broken bytes included.
int display_width(std::string_view text);

/// The longest beginning of a UTF-8 text that takes at most `columns` columns.
std::string first_columns(std::string_view text, int columns);

}  // namespace pagewright
