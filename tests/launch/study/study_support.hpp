#pragma once
// Study files around the quickstart.

#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "core/base/file.hpp"
#include "launch/study/study_config.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright::test {

/// A study of the quickstart in `parent`/study whose file goes on with `rest`.
inline StudyConfig quickstart_study(const TemporaryFolder& parent, const std::string& rest) {
  const std::filesystem::path quickstart =
      std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml";
  const auto file = parent / "study.yaml";
  write_file_atomically(file, fmt::format("study: {}\nexperiment: {}\n{}", (parent / "study").string(),
                                          quickstart.string(), rest));
  return load_study(file);
}

}  // namespace pagewright::test
