#pragma once
// How the rotary frequencies of a model are stretched beyond the context it was first trained on.

#include <cstdint>

namespace pagewright {

/// `rope_type` of Hugging Face's config.json; "default" is `plain`.
enum class RopeKind { plain, linear, dynamic, yarn, llama3 };

/// Field names in comments are those of `rope_scaling` (older) or `rope_parameters` (newer) in config.json.
struct RopeScaling {
  RopeKind kind = RopeKind::plain;  ///< rope_type, or type
  double factor = 1;                ///< factor; unused by `plain`
  /// Context before scaling: original_max_position_embeddings (llama3, yarn), max_position_embeddings
  /// (dynamic); unused by `plain` and `linear`.
  std::int64_t original_positions = 0;
  double low_freq_factor = 1;   ///< low_freq_factor (llama3)
  double high_freq_factor = 4;  ///< high_freq_factor (llama3)
  double beta_fast = 32;        ///< beta_fast (yarn)
  double beta_slow = 1;         ///< beta_slow (yarn)
  bool truncate = true;         ///< truncate (yarn): the ramp's ends are whole numbers
  double attention_factor = 1;  ///< multiplies cosines and sines (yarn); resolved from attention_factor,
                                ///< mscale and mscale_all_dim, or 0.1 ln(factor) + 1

  bool operator==(const RopeScaling&) const = default;
};

}  // namespace pagewright
