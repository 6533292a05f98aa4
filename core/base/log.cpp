#include "core/base/log.hpp"

#include <atomic>
#include <cerrno>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include "core/base/error.hpp"
#include "core/base/progress.hpp"
#include "core/base/status_line.hpp"

namespace pagewright {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// Prints above the progress bar; warnings and errors are coloured on a terminal.
class StandardErrorSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string text(line.data(), line.size());
    const char* colour = message.level >= spdlog::level::err    ? "\033[31m"
                         : message.level >= spdlog::level::warn ? "\033[33m"
                                                                : nullptr;
    if (colour != nullptr && standard_error_is_terminal() &&
        message.color_range_end > message.color_range_start) {
      text.insert(message.color_range_end, "\033[0m");
      text.insert(message.color_range_start, colour);
    }
    print_to_standard_error(text);
  }
  void flush_() override {}
};

std::shared_ptr<spdlog::logger> make_logger(const LogOptions& options) {
  const std::string rank = options.size > 1 ? fmt::format(" [rank {}]", options.rank) : "";
  auto console = std::make_shared<StandardErrorSink>();
  console->set_level(options.rank == 0 ? spdlog::level::trace : spdlog::level::warn);
  console->set_pattern("%H:%M:%S" + rank + " %^%l%$ %v");
  std::vector<spdlog::sink_ptr> sinks{console};
  if (options.file) {
    errno = 0;
    const bool writable = std::ofstream(*options.file, std::ios::app).is_open();
    require(writable, "cannot write the log '{}': {}", options.file->string(),
            std::generic_category().message(errno));
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file->string());
    file->set_pattern("%Y-%m-%dT%H:%M:%S.%e" + rank + " %l %v");
    sinks.push_back(file);
  }
  auto logger = std::make_shared<spdlog::logger>("pagewright", sinks.begin(), sinks.end());
  logger->set_level(spdlog_level(options.level));
  logger->flush_on(spdlog::level::info);
  logger->set_error_handler([](const std::string&) {});
  return logger;
}

struct LoggerHolder {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger = make_logger({});
};

LoggerHolder& logger_holder() {
  static auto* holder = new LoggerHolder;  // Never destroyed: destructors of statics may log.
  return *holder;
}

std::shared_ptr<spdlog::logger> current_logger() {
  auto& holder = logger_holder();
  std::lock_guard lock(holder.mutex);
  return holder.logger;
}

}  // namespace

void init_logging(const LogOptions& options) {
  require(options.rank >= 0 && options.rank < options.size, "rank {} of {} does not exist", options.rank,
          options.size);
  auto logger = make_logger(options);
  auto& holder = logger_holder();
  std::lock_guard lock(holder.mutex);
  holder.logger = std::move(logger);
  Progress::set_shown(options.rank == 0);
}

bool log_enabled(LogLevel level) noexcept try {
  return current_logger()->should_log(spdlog_level(level));
} catch (...) {
  return false;
}

void log_text(LogLevel level, LogTag tag, std::string_view text) noexcept try {
  const std::string line = tag.name.empty() ? std::string(text) : fmt::format("{}: {}", tag.name, text);
  current_logger()->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
} catch (...) {
}

}  // namespace pagewright
