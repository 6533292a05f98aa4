#include "core/model/model_config.hpp"

#include <iterator>

#include "core/base/error.hpp"
#include "core/config/section.hpp"

namespace pagewright {
namespace {

void check_rope(const RopeScaling& rope, std::int64_t head_size) {
  if (rope.kind == RopeKind::plain) return;
  require(rope.factor > 0, "model: the rope factor is {}; it must be positive", rope.factor);
  require(rope.kind == RopeKind::linear || rope.original_positions > 0,
          "model: the rope scaling needs original_max_position_embeddings");
  require(rope.kind != RopeKind::llama3 || rope.high_freq_factor > rope.low_freq_factor,
          "model: rope high_freq_factor {} must be above low_freq_factor {}", rope.high_freq_factor,
          rope.low_freq_factor);
  require(rope.kind != RopeKind::dynamic || head_size > 2, "model: dynamic rope needs heads wider than 2");
  require(rope.kind != RopeKind::yarn || (rope.beta_fast > 0 && rope.beta_slow > 0),
          "model: rope beta_fast {} and beta_slow {} must be positive", rope.beta_fast, rope.beta_slow);
}

}  // namespace

ModelConfig ModelConfig::from(const Section& section) {
  ModelConfig c;
  section.read("dim", c.dim, at_least(1), "width of the hidden states");
  section.read("layers", c.layers, at_least(1), "number of transformer layers");
  section.read("heads", c.heads, at_least(1), "query heads of a layer");
  c.kv_heads = c.heads;
  section.read("kv_heads", c.kv_heads, at_least(1), "key-value heads of a layer; divides heads");
  section.read("head_dim", c.head_dim, at_least(0), "width of a head; 0: dim / heads");
  section.read("ffn_dim", c.ffn_dim, at_least(1), "width of the feed-forward layer");
  section.read("max_positions", c.max_positions, at_least(1).in_units("tokens"),
               "longest prompt and page together");
  section.read("norm_eps", c.norm_eps, positive(), "added to the mean square in RMSNorm");
  section.read("rope_theta", c.rope_theta, positive(), "base of the rotary frequencies");
  section.read("qk_norm", c.qk_norm, "RMSNorm of each head's query and key, as Qwen3");
  section.read("qkv_bias", c.qkv_bias, "biases on query, key and value, as Qwen2");
  section.read("tied", c.tied, "the LM head is the embedding");
  section.read_enum("layout_head", c.layout_head,
                    {{"pointer", LayoutHeadKind::pointer}, {"tokens", LayoutHeadKind::tokens}},
                    "how items are scored: by their candidate's hidden state too, or by the LM head alone");
  c.lora = LoraConfig::from(section.child("lora", "low-rank adapters on a frozen backbone"));
  c.frozen_backbone = c.lora.on();
  if (c.heads % c.kv_heads != 0) section.complain("kv_heads", "kv_heads must divide heads");
  if (c.head_dim == 0 && c.dim % c.heads != 0)
    section.complain("heads", "heads must divide dim, or head_dim must be given");
  else if (c.head_size() % 2 != 0)
    section.complain("head_dim", "the width of a head must be even (rotary positions turn pairs)");
  return c;
}

void ModelConfig::check() const {
  require(vocab_size > 0, "model: vocab_size is {}; it must be positive", vocab_size);
  require(dim > 0 && layers > 0 && heads > 0 && kv_heads > 0 && ffn_dim > 0,
          "model: dim {}, layers {}, heads {}, kv_heads {} and ffn_dim {} must be positive", dim, layers,
          heads, kv_heads, ffn_dim);
  require(heads % kv_heads == 0, "model: kv_heads {} does not divide heads {}", kv_heads, heads);
  require(head_dim > 0 || dim % heads == 0, "model: heads {} does not divide dim {}; give head_dim", heads,
          dim);
  require(head_size() % 2 == 0, "model: head size {} is odd; rotary positions turn pairs", head_size());
  require(layout_begin >= 0 && layout_begin <= vocab_size && structure_size >= 0 &&
              structure_size <= layout_size(),
          "model: layout tokens [{}, {}) with {} structure tokens do not fit in the vocabulary of {}",
          layout_begin, vocab_size, structure_size, vocab_size);
  require(frozen_backbone || !lora.on(), "model: adapters need a frozen backbone");
  require(windows.empty() || std::ssize(windows) == layers,
          "model: {} sliding windows for {} layers; give one a layer", windows.size(), layers);
  for (const std::int64_t window : windows)
    require(window >= 0, "model: a sliding window of {} positions; it must be positive, or 0 for none",
            window);
  check_rope(rope, head_size());
}

ModelConfig ModelConfig::whole() const {
  ModelConfig config = without_adapters();
  config.frozen_backbone = false;
  return config;
}

ModelConfig ModelConfig::without_adapters() const {
  ModelConfig config = *this;
  config.lora = LoraConfig{};
  return config;
}

}  // namespace pagewright
