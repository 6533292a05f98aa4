#include "distributed/distributed_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

DistributedConfig DistributedConfig::from(const Section& section) {
  DistributedConfig config;
  config.placement = PlacementConfig::from(section);
  config.sharding = ShardingConfig::from(section);
  section.read("verify_collectives", config.verify_collectives,
               "compare on all ranks what they are about to call, to find out why a job hangs; slow");
  section.read("deadline", config.deadline, at_least(1).in_units("seconds"),
               "a rank that others wait for and that gives no sign for so long is named, and the job ended");
  return config;
}

}  // namespace pagewright
