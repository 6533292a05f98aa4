#include "distributed/sharding/sharding_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

ShardingConfig ShardingConfig::from(const Section& section) {
  ShardingConfig config;
  section.read(
      "zero", config.zero, in_closed(0, 3),
      "what learners share out: 0 nothing, 1 the optimizer's state, 2 gradients too, 3 parameters too");
  section.read_enum("determinism", config.determinism,
                    {{"exact", Determinism::exact}, {"fast", Determinism::fast}},
                    "exact: the same bits on any number of ranks; fast: sums in the library's own order");
  section.read("bucket", config.bucket, at_least(1).in_units("elements"),
               "parameters that learners exchange at once");
  section.read(
      "checkpoint_activations", config.checkpoint_activations,
      "keep the input of each layer alone and compute the rest again in the backward pass: less memory, "
      "about a third more work, the same bits; always so with zero 3");
  return config;
}

}  // namespace pagewright
