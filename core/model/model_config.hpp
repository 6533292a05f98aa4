#pragma once
// Shape of a decoder-only transformer of the Llama family and of the heads on it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/model/lora_config.hpp"
#include "core/model/rope_scaling.hpp"

namespace pagewright {

class Section;

/// How layout tokens are scored: `tokens` by their rows of the LM head alone, `pointer` adds q(h) k(c_j) /
/// sqrt(dim).
enum class LayoutHeadKind { pointer, tokens };

/// Where the weights begin: as they are in `path`, or at random in its shape.
enum class ModelStart { pretrained, random };

/// How embeddings and LM head rows of layout tokens begin on a pre-trained vocabulary: at the mean of the
/// rows of the words in their names, or of all rows; both with a little noise.
enum class LayoutStart { names, mean };

/// Field names in comments are those of Hugging Face's config.json.
struct ModelConfig {
  /// Folder of a Hugging Face model that gives shape, weights and tokenizer; or empty.
  std::filesystem::path path;
  /// With `path`.
  ModelStart start = ModelStart::pretrained;
  LayoutStart layout_start = LayoutStart::names;

  std::int64_t vocab_size = 0;       ///< vocab_size
  std::int64_t dim = 64;             ///< hidden_size
  std::int64_t layers = 2;           ///< num_hidden_layers
  std::int64_t heads = 4;            ///< num_attention_heads
  std::int64_t kv_heads = 4;         ///< num_key_value_heads; divides heads
  std::int64_t head_dim = 0;         ///< head_dim; 0: dim / heads
  std::int64_t ffn_dim = 128;        ///< intermediate_size
  std::int64_t max_positions = 512;  ///< max_position_embeddings
  double norm_eps = 1e-5;            ///< rms_norm_eps
  double rope_theta = 10000.0;       ///< rope_theta
  RopeScaling rope;                  ///< rope_scaling or rope_parameters
  bool qk_norm = false;              ///< Qwen3: RMSNorm of each head's q and k
  bool qkv_bias = false;             ///< biases on q, k, v: Qwen2, and attention_bias of Llama and Qwen3
  bool output_bias = false;          ///< bias of the attention's output: attention_bias of Llama and Qwen3
  bool mlp_bias = false;             ///< mlp_bias of Llama: biases on gate, up and down
  /// Positions that a row of each layer sees, its own included (sliding_window); 0: all earlier ones. Empty:
  /// 0 in every layer.
  std::vector<std::int64_t> windows;
  bool tied = false;  ///< tie_word_embeddings: lm_head.weight is model.embed_tokens.weight

  LayoutHeadKind layout_head = LayoutHeadKind::pointer;
  bool lm_head = true;              ///< reward models have none
  std::int64_t layout_begin = 0;    ///< first layout token; layout tokens end the vocabulary
  std::int64_t structure_size = 0;  ///< layout tokens before <item:0>
  bool value_head = false;
  /// Scalar heads of a reward model by name ("click", "purchase", "page", "item"): `NAME_head.weight` [1,
  /// dim] and bias [1].
  std::vector<std::string> scalar_heads;

  /// Note [Frozen backbone]
  /// The backbone is not trained: it is shared, read-only, between policy, reference and critic of a process.
  /// What is trained lies apart: the adapters (`lora`), the rows of the layout tokens
  /// ("layout_embedding.weight" [layout_size, dim] and, untied, "layout_head.weight"), for which embedding
  /// and LM head keep base rows alone ([layout_begin, dim]), and all other heads. Without adapters it is the
  /// same function as the whole model, bit for bit: so is the reference of a run with adapters.
  bool frozen_backbone = false;
  LoraConfig lora;  ///< on() only with frozen_backbone

  std::string model_type;  ///< of the config.json it was read from; empty: chosen on writing
  std::string hf_config;   ///< text of that config.json, whose other fields are written back; or empty

  std::int64_t head_size() const { return head_dim > 0 ? head_dim : dim / heads; }
  std::int64_t layout_size() const { return vocab_size - layout_begin; }
  std::int64_t window(std::int64_t layer) const {
    return windows.empty() ? 0 : windows[static_cast<std::size_t>(layer)];
  }
  /// Rows of the embedding matrix, and of the LM head's.
  std::int64_t embedding_rows() const { return frozen_backbone ? layout_begin : vocab_size; }
  /// The same model with all of it trained.
  ModelConfig whole() const;
  /// The same model with its adapters switched off.
  ModelConfig without_adapters() const;

  /// Reads path, or dim, layers, heads, kv_heads, ffn_dim, ... ; vocabulary and heads are set by the code
  /// that builds the model.
  static ModelConfig from(const Section& section);
  /// Throws Error naming the first field that does not make a model (heads not divisible, odd head size,
  /// ...).
  void check() const;
};

enum class InitKind { normal, uniform, zeros, ones };

/// One named parameter, named as Hugging Face names it.
struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  InitKind init = InitKind::normal;
  double stddev = 0;  ///< of InitKind::normal; of InitKind::uniform the largest absolute value
  bool weight_decay = true;
  bool trained = true;  ///< false: Note [Frozen backbone]
};

/// All parameters of a model, sorted by name. Matrices start with standard deviation 1 / sqrt(3 fan_in) (0.02
/// at width 833), those that write to the residual stream divided by sqrt(2 layers) (Radford et al. 2019);
/// embeddings and the LM head with 0.02; value and scalar heads with zero. Norms and biases are not decayed.
/// Adapters are `MODULE.lora_A.weight` [rank, in], which starts uniform in +-1 / sqrt(in) (Kaiming with a =
/// sqrt(5), as PEFT does), and `MODULE.lora_B.weight` [out, rank], which starts with zero.
std::vector<ParameterSpec> parameter_specs(const ModelConfig& config);
std::int64_t parameter_count(const ModelConfig& config);

}  // namespace pagewright
