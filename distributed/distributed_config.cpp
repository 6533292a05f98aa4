#include "distributed/distributed_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

DistributedConfig DistributedConfig::from(const Section& section) {
  DistributedConfig config;
  config.placement = PlacementConfig::from(section);
  config.sharding = ShardingConfig::from(section);
  section.read("verify_collectives", config.verify_collectives,
               "compare on all ranks what they are about to call, to find out why a job hangs; slow");
  return config;
}

}  // namespace pagewright
