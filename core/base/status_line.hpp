#pragma once
#include <string_view>

namespace pagewright {

/// Standard error is shared by log lines and one progress bar in the last line of a terminal. These functions
/// keep them apart: a log line is printed above the bar. Safe from any thread; none throws.

/// Whether standard error is a terminal that can redraw a line.
bool standard_error_is_terminal() noexcept;
/// Columns of the terminal; 80 if unknown.
int terminal_columns() noexcept;
/// Draws or redraws the bar (no line break at its end).
void draw_status_line(std::string_view text) noexcept;
/// Ends the bar: its last state stays and later output begins below it.
void finish_status_line() noexcept;
/// Prints whole lines above the bar, if there is one.
void print_to_standard_error(std::string_view lines) noexcept;

}  // namespace pagewright
