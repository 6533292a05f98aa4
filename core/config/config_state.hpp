#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config_node.hpp"
#include "core/config/key_recorder.hpp"

namespace pagewright {

/// What the sections of one configuration share.
struct ConfigState {
  struct Problem {
    ConfigOrigin origin;
    std::string message;
  };

  std::string name;               ///< of the file, as messages print it
  std::vector<std::string> sets;  ///< the texts of `--set`
  ConfigNode root;
  bool reference = false;  ///< see reference_config()
  /// What relative paths of the file start from; empty: the process's working directory.
  std::filesystem::path working_directory;
  std::vector<Problem> problems;
  KeyRecorder keys;

  void complain(const ConfigOrigin& origin, std::string message) {
    problems.push_back({origin, std::move(message)});
  }
  /// "file.yaml:3:5" or "command line (--set a.b=c)".
  std::string place(const ConfigOrigin& origin) const;
};

/// Puts the value of the `index`-th `--set` (from 0) into the tree; what is wrong with it becomes a problem.
void apply_override(ConfigState& state, std::size_t index);

/// Adds a problem for every key that a mapping holds twice, and keeps the first.
void report_duplicate_keys(ConfigState& state);

/// A problem for every key that nobody read, in sections that were read.
std::vector<ConfigState::Problem> unknown_key_problems(const ConfigState& state);

}  // namespace pagewright
