#pragma once
// Contents of files and folders that stages of a study depend on, each read once.

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace pagewright {

class ContentHashes {
 public:
  /// SHA-256 of a file.
  const std::string& of_file(const std::filesystem::path& file);
  /// SHA-256 over names and contents of all files of a log. Error if there is no such folder.
  const std::string& of_log(const std::filesystem::path& log);
  /// The same of what is read of a Hugging Face folder: its .json and .safetensors files.
  const std::string& of_model(const std::filesystem::path& folder);

 private:
  const std::string& once(const std::filesystem::path& path, const std::function<std::string()>& hash);

  std::map<std::string, std::string> known_;  ///< by path
};

}  // namespace pagewright
