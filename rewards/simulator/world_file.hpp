#pragma once
// A world in configuration files, and the file world.yaml by which a simulated log names the world it comes
// from.

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/page/page_schema.hpp"
#include "rewards/simulator/simulator_config.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

class ConfigFile;
class Section;

inline constexpr const char* kWorldFile = "world.yaml";

/// What a world is a function of: the keys `seed`, `schema` and `simulator` of an experiment.
struct WorldConfig {
  std::uint64_t seed = 1;
  PageSchema schema;
  SimulatorConfig simulator;

  /// `root` is the experiment's root. Problems are collected in the section's errors.
  static WorldConfig from(const Section& root);
  World world() const { return World(simulator, schema, seed); }
};

/// The keys of a world that were read from `file`, as YAML with all defaults written out; load_world() takes
/// it.
std::string world_yaml(const ConfigFile& file);

/// The world of a log folder (its world.yaml), or of a world.yaml itself. Throws Error with the places of
/// what is wrong.
World load_world(const std::filesystem::path& path);

}  // namespace pagewright
