#include "launch/study/content_hashes.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/sha256.hpp"

namespace pagewright {
namespace {

std::string hash_of_files(const std::filesystem::path& folder, std::vector<std::filesystem::path> files) {
  std::ranges::sort(files);
  Sha256 hash;
  for (const auto& file : files)
    hash.update(std::filesystem::relative(file, folder).generic_string() + " " + sha256_file(file) + "\n");
  return hash.hex();
}

}  // namespace

const std::string& ContentHashes::once(const std::filesystem::path& path,
                                       const std::function<std::string()>& hash) {
  const auto found = known_.find(path.string());
  return found != known_.end() ? found->second : known_[path.string()] = hash();
}

const std::string& ContentHashes::of_file(const std::filesystem::path& file) {
  return once(file, [&] { return sha256_file(file); });
}

const std::string& ContentHashes::of_log(const std::filesystem::path& log) {
  require(std::filesystem::is_directory(log),
          "there is no log in {}; `pagewright import` makes one, or let the study simulate: true",
          log.string());
  return once(log, [&] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(log))
      if (entry.is_regular_file()) files.push_back(entry.path());
    return hash_of_files(log, std::move(files));
  });
}

const std::string& ContentHashes::of_model(const std::filesystem::path& folder) {
  return once(folder, [&] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto kind = entry.path().extension();
      if (entry.is_regular_file() && (kind == ".json" || kind == ".safetensors"))
        files.push_back(entry.path());
    }
    return hash_of_files(folder, std::move(files));
  });
}

}  // namespace pagewright
