#pragma once
// Which matrices of a transformer carry low-rank adapters.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

class Section;

/// Low-rank adapters (Hu et al. 2021, "LoRA"): y = W x + alpha / rank B (A x) with W frozen.
struct LoraConfig {
  std::int64_t rank = 0;  ///< 0: none
  double alpha = 16;
  /// Matrices of a layer, as Hugging Face names them.
  std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};

  bool on() const { return rank > 0; }
  double scale() const { return alpha / static_cast<double>(rank); }
  /// Whether the matrix `module` ("q_proj", "self_attn.q_proj", "model.layers.3.self_attn.q_proj") has an
  /// adapter.
  bool adapts(std::string_view module) const;
  bool operator==(const LoraConfig&) const = default;

  /// Reads rank, alpha, targets.
  static LoraConfig from(const Section& section);
};

}  // namespace pagewright
