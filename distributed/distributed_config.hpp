#pragma once
// The section `distributed` of an experiment: where the roles run, and how learners share their work.

#include "distributed/sharding/sharding_config.hpp"
#include "distributed/topology.hpp"

namespace pagewright {

struct DistributedConfig {
  PlacementConfig placement;
  ShardingConfig sharding;
  bool verify_collectives = false;  ///< RecordingOptions::verify
  int deadline = 600;               ///< seconds without a sign of a rank before the job is ended
  static DistributedConfig from(const Section& section);
};

}  // namespace pagewright
