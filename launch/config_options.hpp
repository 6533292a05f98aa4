#pragma once
// The arguments that most verbs share: CONFIG.yaml and --set.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "launch/experiment.hpp"

namespace CLI {
class App;
}

namespace pagewright {

struct ConfigOptions {
  std::filesystem::path file;
  std::vector<std::string> sets;
  LoadedExperiment load() const { return load_experiment(file, sets); }
};

/// Adds CONFIG and --set to a verb. The options live as long as the verb's callback holds them.
std::shared_ptr<ConfigOptions> add_config_options(CLI::App& verb);

}  // namespace pagewright
