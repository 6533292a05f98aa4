#include "rewards/simulator/world_file.hpp"

#include "core/base/error.hpp"
#include "core/config/config_file.hpp"
#include "core/config/key_recorder.hpp"

namespace pagewright {

WorldConfig WorldConfig::from(const Section& root) {
  WorldConfig config;
  root.read("seed", config.seed, "seed of everything random: world, log, initial weights, sampling");
  config.schema = PageSchema::from(root.child("schema", "what a page may look like"));
  config.simulator =
      SimulatorConfig::from(root.child("simulator", "the simulated shop, for `pagewright simulate`"));
  return config;
}

std::string world_yaml(const ConfigFile& file) {
  KeyRecorder of_world;
  for (const KeyRecord& record : file.keys().records()) {
    const std::string& top = record.parts.front();
    if (top == "seed" || top == "schema" || top == "simulator") of_world.add(record);
  }
  return effective_yaml(of_world);
}

World load_world(const std::filesystem::path& path) {
  const std::filesystem::path file = std::filesystem::is_directory(path) ? path / kWorldFile : path;
  require(std::filesystem::exists(file),
          "{} does not exist: only a log made by `pagewright simulate` has a world whose truth is known",
          file.string());
  const ConfigFile config = load_config(file);
  const WorldConfig world = WorldConfig::from(config.root());
  config.finish();
  return world.world();
}

}  // namespace pagewright
