#include "core/base/file.hpp"

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/atomic_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// Limits the size of files that this process writes, for the length of a scope.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

/// A file system of a given size, where the machine lets us mount one.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& place, const char* size) : place_(place) {
    std::filesystem::create_directory(place);
    mounted_ = ::mount("tmpfs", place.c_str(), "tmpfs", 0, size) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(place_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path place_;
  bool mounted_ = false;
};

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a file is written and replaced whole") {
  const test::TemporaryFolder folder;
  const std::string large(200'000, 'z');
  write_file_atomically(folder / "a", std::string("one\0two", 7));
  CHECK(read_file(folder / "a") == std::string("one\0two", 7));
  write_file_atomically(folder / "a", large);
  CHECK(read_file(folder / "a") == large);
  write_file_atomically(folder / "a", "");
  CHECK(read_file(folder / "a").empty());
  CHECK(names_in(folder.path()) == Names{"a"});
}

TEST_CASE("a file beyond the size limit leaves the old one whole") {
  const test::TemporaryFolder folder;
  ignore_file_size_signal();
  write_file_atomically(folder / "a", "the old content");
  std::string message;
  {
    const FileSizeLimit limit(4096);
    message = test::error_text([&] { write_file_atomically(folder / "a", std::string(10'000, 'x')); });
  }
  CHECK(message == "cannot write '" + (folder / "a").string() + "': File too large");
  CHECK(read_file(folder / "a") == "the old content");
  CHECK(names_in(folder.path()) == Names{"a"});
  std::signal(SIGXFSZ, SIG_DFL);
}

TEST_CASE("a full disk leaves the old file whole") {
  const test::TemporaryFolder folder;
  const SmallDisk disk(folder / "disk", "size=64k");
  if (!disk.mounted()) PAGEWRIGHT_SKIP("this process may not mount a file system");
  const auto path = folder / "disk" / "a";
  write_file_atomically(path, "the old content");
  const std::string message =
      test::error_text([&] { write_file_atomically(path, std::string(200'000, 'x')); });
  CHECK(message == "cannot write '" + path.string() + "': No space left on device");
  CHECK(read_file(path) == "the old content");
  CHECK(names_in(folder / "disk") == Names{"a"});
}

TEST_CASE("errors of files name the file and the reason") {
  const test::TemporaryFolder folder;
  const std::string at = folder.path().string();
  write_file_atomically(folder / "file", "x");
  CHECK(test::error_text([] { read_file("/nowhere/x"); }) ==
        "cannot read '/nowhere/x': No such file or directory");
  CHECK(test::error_text([&] { read_file(folder.path()); }) == "cannot read '" + at + "': Is a directory");
  CHECK(test::error_text([] { write_file_atomically("/nowhere/x", "y"); }) ==
        "cannot write '/nowhere/x': No such file or directory");
  std::filesystem::create_directory(folder / "taken");
  CHECK(test::error_text([&] { write_file_atomically(folder / "taken", "y"); }) ==
        "cannot write '" + at + "/taken': Is a directory");
  CHECK(test::error_text([&] { make_folders(folder / "file" / "below"); }) ==
        "cannot make the folder '" + at + "/file/below': Not a directory");
  CHECK(test::error_text([&] {
          make_folders(folder / "file");
        }).starts_with("cannot make the folder '" + at + "/file'"));
  CHECK(test::error_text([] { sync_to_disk("/nowhere"); }) ==
        "cannot sync '/nowhere': No such file or directory");
  CHECK(names_in(folder.path()) == Names{"file", "taken"});
}

TEST_CASE("folders are made with those above, and again without harm") {
  const test::TemporaryFolder folder;
  make_folders(folder / "a" / "b");
  make_folders(folder / "a" / "b");
  CHECK(std::filesystem::is_directory(folder / "a" / "b"));
}

TEST_CASE("a folder appears whole when it is published") {
  const test::TemporaryFolder parent;
  AtomicFolder folder(parent / "checkpoint/");
  CHECK(folder.target() == parent / "checkpoint");
  CHECK_FALSE(std::filesystem::exists(folder.target()));
  make_folders(folder.path() / "deep");
  write_file_atomically(folder.path() / "deep" / "a", "content");
  folder.publish();
  CHECK(read_file(parent / "checkpoint" / "deep" / "a") == "content");
  CHECK(names_in(parent.path()) == Names{"checkpoint"});
  CHECK(test::error_text([&] { folder.publish(); }) ==
        "the folder '" + (parent / "checkpoint").string() + "' was published before");
}

TEST_CASE("a folder that is not published leaves nothing") {
  const test::TemporaryFolder parent;
  {
    AtomicFolder folder(parent / "checkpoint");
    write_file_atomically(folder.path() / "a", "content");
    CHECK(test::error_text([&] { AtomicFolder(parent / "checkpoint"); }) ==
          "cannot make the folder '" + folder.path().string() + "': this process is writing it already");
  }
  CHECK(names_in(parent.path()).empty());
}

TEST_CASE("a folder in place is refused or replaced as asked") {
  const test::TemporaryFolder parent;
  make_folders(parent / "out" / "old");
  AtomicFolder folder(parent / "out");
  write_file_atomically(folder.path() / "new", "content");
  CHECK(test::error_text([&] { folder.publish(); }) ==
        "the folder '" + (parent / "out").string() + "' exists; remove it or choose another name");
  folder.publish(AtomicFolder::Existing::replace);
  CHECK(names_in(parent / "out") == Names{"new"});
  CHECK(names_in(parent.path()) == Names{"out"});
}

TEST_CASE("what a killed process left of a folder is removed by the next one") {
  const test::TemporaryFolder parent;
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFolder folder(parent / "checkpoint");
    write_file_atomically(folder.path() / "a", "content");
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(child > 0);
  ::waitpid(child, nullptr, 0);
  const std::string leftover = "checkpoint.tmp-" + std::to_string(child);
  REQUIRE(names_in(parent.path()) == Names{leftover});
  make_folders(parent / "checkpoint.tmp-mine");
  { AtomicFolder other(parent / "other"); }
  CHECK(names_in(parent.path()) == Names{leftover, "checkpoint.tmp-mine"});
  { AtomicFolder folder(parent / "checkpoint"); }
  CHECK(names_in(parent.path()) == Names{"checkpoint.tmp-mine"});
}

}  // namespace pagewright
