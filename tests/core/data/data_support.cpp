#include "tests/core/data/data_support.hpp"

#include <cstdlib>
#include <fstream>

#include "core/base/error.hpp"

namespace pagewright {

DataTestFolder::DataTestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "pagewright-data-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

DataTestFolder::~DataTestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path write_text_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string missing_parts(const std::string& text, std::initializer_list<std::string> parts) {
  for (const auto& part : parts)
    if (text.find(part) == std::string::npos) return fmt::format("'{}' does not occur in '{}'", part, text);
  return "";
}

std::string missing_from_error(const std::function<void()>& action,
                               std::initializer_list<std::string> parts) {
  try {
    action();
  } catch (const Error& error) {
    return missing_parts(error.what(), parts);
  }
  return "no Error was thrown";
}

}  // namespace pagewright
