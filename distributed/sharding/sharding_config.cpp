#include "distributed/sharding/sharding_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

ShardingConfig ShardingConfig::from(const Section& section) {
  ShardingConfig config;
  section.read("zero", config.zero, in_closed(0, 2),
               "what learners share out: 0 nothing, 1 the optimizer's state, 2 gradients too");
  section.read_enum("determinism", config.determinism,
                    {{"exact", Determinism::exact}, {"fast", Determinism::fast}},
                    "exact: the same bits on any number of ranks; fast: sums in the library's own order");
  section.read("bucket", config.bucket, at_least(1).in_units("elements"),
               "parameters that learners exchange at once");
  return config;
}

}  // namespace pagewright
