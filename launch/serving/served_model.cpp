#include "launch/serving/served_model.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/config/config_value.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "launch/export/export_model.hpp"
#include "launch/model_folder.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {

namespace {

bool is_exported(const ConfigOptions& config) {
  return std::filesystem::is_directory(config.file);
}

LoadedExperiment load_served(const ConfigOptions& config) {
  if (!is_exported(config)) return config.load();
  const std::filesystem::path file = config.file / kExportedExperiment;
  require(std::filesystem::exists(file),
          "{} is a folder, but none that `pagewright export` wrote: it has no {}", config.file.string(),
          kExportedExperiment);
  // The shape and the tokenizer are the folder's own, wherever it was trained.
  std::vector<std::string> sets = config.sets;
  if (std::filesystem::exists(config.file / "tokenizer.json"))
    sets.push_back("model.path=" + yaml_scalar(std::filesystem::absolute(config.file)));
  return load_experiment(file, sets);
}

std::filesystem::path folder_of(const ConfigOptions& config, const LoadedExperiment& loaded,
                                const std::string& policy) {
  return is_exported(config) ? config.file : RunFolder::open(loaded).policy(policy);
}

}  // namespace

ServedModel::ServedModel(const ConfigOptions& config, const std::string& policy)
    : loaded_(load_served(config)),
      name_(is_exported(config) ? std::filesystem::weakly_canonical(config.file).filename().string()
                                : policy),
      language_(loaded_.experiment.language()),
      device_(loaded_.experiment.compute_on(find_accelerators())),
      pool_(make_device_pool(loaded_.experiment.worker_threads(1, device_), device_)),
      parameters_(std::make_unique<FlatParameters>(load_model(folder_of(config, loaded_, policy),
                                                              loaded_.experiment.policy_model(), "policy",
                                                              language_.hash())
                                                       .on(device_))) {
  make_device_current(device_);
}

std::string ServedModel::id() const {
  return fmt::format("{}@{}", name_, parameters_->parameters_sha256().substr(0, 12));
}

}  // namespace pagewright
