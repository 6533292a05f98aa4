#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/error.hpp"

namespace pagewright::test {

/// A fresh folder under the system's folder for temporary files, removed with its content at the end of the
/// scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pagewright-test-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "cannot make a temporary folder '{}'", name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace pagewright::test
