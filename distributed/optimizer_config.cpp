#include "core/config/section.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

OptimizerConfig OptimizerConfig::from(const Section& section) {
  return from(section, OptimizerConfig{});
}

OptimizerConfig OptimizerConfig::from(const Section& section, OptimizerConfig config) {
  section.read("learning_rate", config.learning_rate, positive(), "peak learning rate of AdamW");
  section.read("beta1", config.beta1, in_right_open(0, 1), "decay of AdamW's first moment");
  section.read("beta2", config.beta2, in_right_open(0, 1), "decay of AdamW's second moment");
  section.read("eps", config.eps, positive(), "added to the root of AdamW's second moment");
  section.read("weight_decay", config.weight_decay, at_least(0),
               "decay of matrices, times the learning rate");
  section.read("max_grad_norm", config.max_grad_norm, at_least(0),
               "global gradient norm to clip at; 0: no clipping");
  section.read("warmup_steps", config.warmup_steps, at_least(0).in_units("steps"),
               "linear rise of the learning rate");
  section.read("final_fraction", config.final_fraction, in_closed(0, 1),
               "learning rate at the end of the cosine schedule, as a fraction of the peak");
  return config;
}

}  // namespace pagewright
