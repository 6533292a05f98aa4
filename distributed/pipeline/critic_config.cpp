#include "distributed/pipeline/critic_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

CriticConfig CriticConfig::from(const Section& section, const OptimizerConfig& policy) {
  CriticConfig config;
  section.read_enum("kind", config.kind, {{"shared", Kind::shared}, {"separate", Kind::separate}},
                    "shared: a value head on the policy; separate: a network of its own, which starts from "
                    "the warm-up's backbone and leaves the policy without a value head");
  config.optimizer = OptimizerConfig::from(
      section.child("optimizer", "AdamW and its schedule of a separate critic"), policy);
  section.read("warmup_steps", config.warmup_steps, at_least(0).in_units("steps"),
               "first optimizer steps of a separate critic, in which the policy does not learn");
  config.lora = LoraConfig::from(section.child("lora", "low-rank adapters of a separate critic"));
  return config;
}

ModelConfig CriticConfig::model(const ModelConfig& backbone) const {
  ModelConfig config = backbone.whole();
  config.lm_head = false;
  config.layout_head = LayoutHeadKind::tokens;
  config.value_head = true;
  config.frozen_backbone = lora.on();
  config.lora = lora;
  return config;
}

}  // namespace pagewright
