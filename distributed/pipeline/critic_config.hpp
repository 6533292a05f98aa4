#pragma once
// Who says what a state is worth: the policy's own value head, or a network of its own.

#include "core/model/lora_config.hpp"
#include "core/model/model_config.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

class Section;

struct CriticConfig {
  enum class Kind { shared, separate };
  Kind kind = Kind::shared;
  OptimizerConfig optimizer;  ///< of a separate critic
  std::int64_t warmup_steps =
      0;            ///< optimizer steps in which a separate critic learns and the policy does not
  LoraConfig lora;  ///< of a separate critic

  bool separate() const { return kind == Kind::separate; }
  /// The shape of a separate critic on the backbone of this model: a value head and no other.
  ModelConfig model(const ModelConfig& backbone) const;
  /// Reads kind, optimizer, warmup_steps, lora. The optimizer's defaults are those of the policy.
  static CriticConfig from(const Section& section, const OptimizerConfig& policy);
};

}  // namespace pagewright
