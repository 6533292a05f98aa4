#pragma once
// Rotary positions in config.json: `rope_theta` with `rope_scaling`, or `rope_parameters`.

#include <nlohmann/json_fwd.hpp>

#include "core/model/hf_fields.hpp"
#include "core/model/model_config.hpp"

namespace pagewright {

/// Sets rope_theta, rope and max_positions. Both spellings are read, with `type` or `rope_type`; where both
/// stand, rope_scaling counts, as in `transformers`. max_positions is max_position_embeddings, times the
/// factor for `linear` and `dynamic`, and at least factor x original_max_position_embeddings for `yarn`.
/// Throws Error that names the key for a type that is not supported, a missing or impossible number, or other
/// positions in some layers.
void read_hf_rope(const HfFields& fields, std::int64_t default_positions, ModelConfig& config);

/// The value of `rope_scaling` that read_hf_rope reads back; null for plain positions.
nlohmann::json hf_rope_scaling(const ModelConfig& config);
/// The value of `max_position_embeddings` that belongs to it.
std::int64_t hf_max_position_embeddings(const ModelConfig& config);

}  // namespace pagewright
