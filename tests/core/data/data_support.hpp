#pragma once
// Helpers of the data tests.

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>

namespace pagewright {

/// A folder of its own under the system's temporary folder, removed at the end.
class DataTestFolder {
 public:
  DataTestFolder();
  ~DataTestFolder();
  DataTestFolder(const DataTestFolder&) = delete;
  DataTestFolder& operator=(const DataTestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes a text file and returns its path.
std::filesystem::path write_text_file(const std::filesystem::path& path, const std::string& text);

/// Empty if every part occurs in the text, else a sentence with what lacks.
std::string missing_parts(const std::string& text, std::initializer_list<std::string> parts);
/// missing_parts of the text of the Error that `action` throws; a sentence if it throws none.
std::string missing_from_error(const std::function<void()>& action, std::initializer_list<std::string> parts);

}  // namespace pagewright
