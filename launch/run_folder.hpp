#pragma once
// The run folder: one experiment, one configuration.
//
//   config.yaml            effective configuration
//   policies/NAME/         a policy: config.json, model.safetensors, heads.safetensors, policy.json
//   clicks/MODEL.json      click models, and which one was chosen: clicks/choice.json
//   rewards/page-FORM/, rewards/item/   reward models, report.json, card.json and card.md;
//   rewards/scale-FORM.json train/NAME/            checkpoints/, metrics.jsonl, tensorboard/, rollouts/,
//   times.json evaluation.json, pages.jsonl, report.html logs/rank-N.log        what each process said, if
//   there were several

#include <filesystem>
#include <string>
#include <vector>

#include "launch/experiment.hpp"

namespace pagewright {

class RunFolder {
 public:
  /// Makes the folder, or opens it if it belongs to the same configuration. A folder of another one is an
  /// Error that names the keys that differ; keys that cannot change results (threads,
  /// evaluation.*, watch.*, distributed.* but for determinism, how often checkpoints and rollouts are
  /// written, how external reward terms are asked) may differ.
  static RunFolder begin(const LoadedExperiment& loaded);
  /// The same for a folder that must be there already; nothing is made.
  static RunFolder open(const LoadedExperiment& loaded);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path policy(const std::string& name) const { return path_ / "policies" / name; }
  std::filesystem::path reward(const std::string& name) const { return path_ / "rewards" / name; }
  std::filesystem::path training(const std::string& name) const { return path_ / "train" / name; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// Whether the key with this path cannot change results.
bool is_free_key(const std::string& path);
/// Paths of keys whose values differ between two effective configurations and can change results.
std::vector<std::string> differing_keys(const std::map<std::string, std::string>& one,
                                        const std::map<std::string, std::string>& other);

}  // namespace pagewright
