#include "core/model/model_config.hpp"

#include <iterator>

#include "core/base/error.hpp"
#include "core/config/section.hpp"
#include "core/model/hf_config.hpp"

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

ModelConfig shape_of_folder(const Section& section, const std::filesystem::path& folder) {
  if (folder.empty()) return {};
  try {
    require(std::filesystem::is_directory(folder), "there is no folder {}", folder.string());
    ModelConfig config = read_hf_config(folder / "config.json");
    config.path = folder;
    return config;
  } catch (const Error& error) {
    section.complain("path", error.what());
    return {};
  }
}

/// What the folder's config.json says is not for the experiment to say.
void refuse_other_shape(const Section& section, const ModelConfig& folder, const ModelConfig& read) {
  const auto check = [&](const char* key, auto folders, auto given) {
    if (section.has(key) && folders != given)
      section.complain(key, fmt::format("{} is {} in {}; leave the key out", key, folders,
                                        (folder.path / "config.json").string()));
  };
  check("dim", folder.dim, read.dim);
  check("layers", folder.layers, read.layers);
  check("heads", folder.heads, read.heads);
  check("kv_heads", folder.kv_heads, read.kv_heads);
  check("head_dim", folder.head_dim, read.head_dim);
  check("ffn_dim", folder.ffn_dim, read.ffn_dim);
  check("norm_eps", folder.norm_eps, read.norm_eps);
  check("rope_theta", folder.rope_theta, read.rope_theta);
  check("qk_norm", folder.qk_norm, read.qk_norm);
  check("qkv_bias", folder.qkv_bias, read.qkv_bias);
  check("tied", folder.tied, read.tied);
  if (read.max_positions > folder.max_positions)
    section.complain("max_positions", fmt::format("the model in {} was made for {} positions at most",
                                                  folder.path.string(), folder.max_positions));
}

}  // namespace

ModelConfig ModelConfig::from(const Section& section) {
  std::filesystem::path path;
  section.read(
      "path", path,
      "folder of a Hugging Face model to start from: its config.json gives the shape, its tokenizer.json the "
      "words of prompts; empty: a model of the shape below, from scratch");
  const ModelConfig folder = shape_of_folder(section, path);
  ModelConfig c = folder;
  section.read_enum("start", c.start,
                    {{"pretrained", ModelStart::pretrained}, {"random", ModelStart::random}},
                    "with `path`: whether its weights are taken, or its shape and tokenizer alone");
  section.read_enum(
      "layout_start", c.layout_start, {{"names", LayoutStart::names}, {"mean", LayoutStart::mean}},
      "with `path`: embeddings of the page's tokens begin at the mean of the words in their names, or of "
      "all tokens, plus a little noise");
  section.read("dim", c.dim, at_least(1), "width of the hidden states");
  section.read("layers", c.layers, at_least(1), "number of transformer layers");
  section.read("heads", c.heads, at_least(1), "query heads of a layer");
  if (c.path.empty()) c.kv_heads = c.heads;
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
  if (!c.path.empty()) refuse_other_shape(section, folder, c);
  if (c.heads % c.kv_heads != 0) section.complain("kv_heads", "kv_heads must divide heads");
  if (c.head_dim == 0 && c.dim % c.heads != 0)
    section.complain("heads", "heads must divide dim, or head_dim must be given");
  else if (c.head_size() % 2 != 0)
    section.complain("head_dim", "the width of a head must be even (rotary positions turn pairs)");
  c.path = path;
  return c;
}

void ModelConfig::check() const {
  require(vocab_size > 0, "model: vocab_size is {}; it must be positive", vocab_size);
  require(dim > 0 && layers > 0 && heads > 0 && kv_heads > 0 && ffn_dim > 0,
          "model: dim {}, layers {}, heads {}, kv_heads {} and ffn_dim {} must be positive", dim, layers,
          heads, kv_heads, ffn_dim);
  require(max_positions > 0, "model: max_positions is {}; it must be positive", max_positions);
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
