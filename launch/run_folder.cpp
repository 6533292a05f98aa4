#include "launch/run_folder.hpp"

#include <set>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {

namespace {

bool is_free_key(const std::string& path) {
  return path == "threads" || path == "run" || path.starts_with("evaluation.");
}

void make_run_folder(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  if (problem)
    fail("cannot make the run folder {}: {}; choose another with --set run=FOLDER", path.string(),
         problem.message());
}

}  // namespace

std::vector<std::string> differing_keys(const std::map<std::string, std::string>& one,
                                        const std::map<std::string, std::string>& other) {
  std::set<std::string> differing;
  for (const auto& [path, value] : one) {
    const auto found = other.find(path);
    if (!is_free_key(path) && (found == other.end() || found->second != value)) differing.insert(path);
  }
  for (const auto& [path, value] : other)
    if (!is_free_key(path) && !one.contains(path)) differing.insert(path);
  return {differing.begin(), differing.end()};
}

RunFolder RunFolder::open(const LoadedExperiment& loaded) {
  const std::filesystem::path& path = loaded.experiment.run;
  make_run_folder(path);
  const std::filesystem::path config = path / "config.yaml";
  if (std::filesystem::exists(config)) {
    const LoadedExperiment before = load_experiment(config, {});
    const auto differing = differing_keys(before.values, loaded.values);
    if (!differing.empty())
      fail(
          "{} belongs to a run with another configuration; these keys differ: {}. Choose another folder with "
          "--set run=FOLDER, or remove this one",
          path.string(), fmt::join(differing, ", "));
  } else {
    write_file_atomically(config, loaded.effective_yaml);
  }
  return RunFolder(path);
}

}  // namespace pagewright
