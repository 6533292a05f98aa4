#pragma once
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace pagewright {

enum class LogLevel { debug, info, warn, error };

struct LogOptions {
  LogLevel level = LogLevel::info;
  int rank = 0;
  int size = 1;                               ///< with more than one rank every line names its rank
  std::optional<std::filesystem::path> file;  ///< appended to, beside standard error
};

/// Sends log lines to standard error, above a progress bar, and to the file if one is given. On ranks other
/// than 0 standard error gets warnings and errors only; the file gets everything from `level` on. Without a
/// call lines of level info and above go to standard error. May be called again. An unwritable file is an
/// Error.
void init_logging(const LogOptions& options);

/// The part of the program a line comes from, printed as "ppo: ".
struct LogTag {
  std::string_view name;
};

bool log_enabled(LogLevel level) noexcept;
/// Never throws: a log that cannot be written loses the line.
void log_text(LogLevel level, LogTag tag, std::string_view text) noexcept;

template <class... Args>
void log_at(LogLevel level, LogTag tag, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_text(level, tag, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::debug, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::info, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::warn, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::error, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(LogTag tag, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::debug, tag, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(LogTag tag, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::info, tag, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(LogTag tag, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::warn, tag, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(LogTag tag, fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::error, tag, format, std::forward<Args>(args)...);
}

}  // namespace pagewright
