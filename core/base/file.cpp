#include "core/base/file.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::string file_errno_text(int number) {
  return std::generic_category().message(number);
}

/// An open file, closed at the end of the scope.
class ScopedFileDescriptor {
 public:
  ScopedFileDescriptor(const std::filesystem::path& path, int flags) {
    do {
      number_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    } while (number_ < 0 && errno == EINTR);
  }
  ~ScopedFileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  ScopedFileDescriptor(const ScopedFileDescriptor&) = delete;
  ScopedFileDescriptor& operator=(const ScopedFileDescriptor&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  /// Some file systems report a full disk only here.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_ = -1;
};

bool write_all_bytes(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::filesystem::path containing_folder(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// A name beside `path` that no other write of this or another process uses.
std::filesystem::path temporary_file_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return fmt::format("{}.tmp-{}-{}", path.string(), ::getpid(), counter++);
}

/// Whether `name` is `target`.tmp-PID or `target`.tmp-PID-NUMBER of a process that has ended.
bool is_dead_leftover(const std::string& name, const std::string& target) {
  const std::string prefix = target + ".tmp-";
  if (!name.starts_with(prefix)) return false;
  pid_t process = 0;
  unsigned number = 0;
  const char* end = name.data() + name.size();
  auto parsed = std::from_chars(name.data() + prefix.size(), end, process);
  if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-')
    parsed = std::from_chars(parsed.ptr + 1, end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && process > 0 && ::kill(process, 0) != 0 &&
         errno == ESRCH;
}

}  // namespace

void remove_dead_leftovers(const std::filesystem::path& target) {
  std::error_code ignored;
  std::vector<std::filesystem::path> dead;
  for (const auto& entry : std::filesystem::directory_iterator(containing_folder(target), ignored))
    if (is_dead_leftover(entry.path().filename().string(), target.filename().string()))
      dead.push_back(entry.path());
  for (const auto& path : dead) std::filesystem::remove_all(path, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  ScopedFileDescriptor file(path, O_RDONLY);
  require(file.is_open(), "cannot read '{}': {}", path.string(), file_errno_text(errno));
  std::string content;
  struct stat status {};
  if (::fstat(file.number(), &status) == 0 && status.st_size > 0)
    content.reserve(static_cast<std::size_t>(status.st_size));
  char piece[1 << 16];
  while (true) {
    const ssize_t count = ::read(file.number(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, "cannot read '{}': {}", path.string(), file_errno_text(errno));
    if (count == 0) return content;
    content.append(piece, static_cast<std::size_t>(count));
  }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  remove_dead_leftovers(path);
  const std::filesystem::path temporary = temporary_file_name(path);
  const auto give_up = [&](int number) {
    ::unlink(temporary.c_str());
    fail("cannot write '{}': {}", path.string(), file_errno_text(number));
  };
  ScopedFileDescriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) give_up(errno);
  if (!write_all_bytes(file.number(), content)) give_up(errno);
  if (::fsync(file.number()) != 0) give_up(errno);
  if (!file.close()) give_up(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) give_up(errno);
  sync_to_disk(containing_folder(path));
}

void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(const std::filesystem::path& temporary)>& write) {
  remove_dead_leftovers(path);
  const std::filesystem::path temporary = temporary_file_name(path);
  try {
    write(temporary);
    sync_to_disk(temporary);
    require(::rename(temporary.c_str(), path.c_str()) == 0, "cannot write '{}': {}", path.string(),
            file_errno_text(errno));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_to_disk(containing_folder(path));
}

void make_folders(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  require(!error && std::filesystem::is_directory(path, error), "cannot make the folder '{}': {}",
          path.string(), error ? error.message() : "a file of this name is in the way");
}

void sync_to_disk(const std::filesystem::path& path) {
  ScopedFileDescriptor file(path, O_RDONLY);
  require(file.is_open(), "cannot sync '{}': {}", path.string(), file_errno_text(errno));
  const int reason = ::fsync(file.number()) == 0 ? 0 : errno;
  // Some network file systems cannot sync a folder and say so with EINVAL.
  require(reason == 0 || reason == EINVAL, "cannot sync '{}': {}", path.string(), file_errno_text(reason));
}

void ignore_file_size_signal() {
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace pagewright
