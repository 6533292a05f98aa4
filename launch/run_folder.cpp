#include "launch/run_folder.hpp"

#include <set>
#include <span>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {

namespace {

constexpr const char* kRunConfig = "config.yaml";

void make_run_folder(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  if (problem)
    fail("cannot make the run folder {}: {}; choose another with --set run=FOLDER", path.string(),
         problem.message());
}

}  // namespace

bool is_free_key(const std::string& path) {
  static const std::set<std::string> kFree{"threads",
                                           "device",
                                           "run",
                                           "working_directory",
                                           "ppo.checkpoint_every",
                                           "ppo.checkpoints_kept",
                                           "ppo.best_checkpoint_kept",
                                           "ppo.reference",
                                           "ppo.rollouts_every"};
  const bool placement = path.starts_with("distributed.") && path != "distributed.determinism";
  return kFree.contains(path) || placement || path.starts_with("evaluation.") || path.starts_with("watch.") ||
         is_free_term_key(path);
}

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

RunFolder RunFolder::begin(const LoadedExperiment& loaded) {
  const std::filesystem::path& path = loaded.experiment.run;
  const std::filesystem::path config = path / kRunConfig;
  if (std::filesystem::exists(config)) return open(loaded);
  make_run_folder(path);
  write_file_atomically(config, loaded.effective_yaml);
  return RunFolder(path);
}

RunFolder RunFolder::open(const LoadedExperiment& loaded) {
  const std::filesystem::path& path = loaded.experiment.run;
  const std::filesystem::path config = path / kRunConfig;
  require(std::filesystem::exists(config), "{} holds no run yet; `pagewright sft` begins one", path.string());
  // A run may have moved together with what it was made of: its paths start where ours do.
  const std::string here = "working_directory=" + loaded.values.at("working_directory");
  const LoadedExperiment before = load_experiment(config, std::span(&here, 1));
  const auto differing = differing_keys(before.values, loaded.values);
  if (!differing.empty())
    fail(
        "{} belongs to a run with another configuration; these keys differ: {}. Choose another folder with "
        "--set run=FOLDER, or remove this one",
        path.string(), fmt::join(differing, ", "));
  return RunFolder(path);
}

}  // namespace pagewright
