#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// Text to ids and back, as Python's `tokenizers` does it for the same files: byte pair encodings, byte-level
/// (Llama 3, Qwen, GPT-2, SmolLM) or with byte fallback (Llama 2, Mistral). docs/text.md lists the supported
/// components; all else is refused by name when it is read. Immutable, cheap to copy, and any number of
/// threads may use one at once.
class Tokenizer {
 public:
  /// A model folder (tokenizer.json, with tokenizer_config.json beside it, or encoder.json and vocab.bpe of
  /// GPT-2), or a tokenizer.json itself. An Error names the file and the place in it.
  static Tokenizer read(const std::filesystem::path& path);
  /// From the texts of a tokenizer.json and, unless empty, of a tokenizer_config.json.
  static Tokenizer parse(std::string tokenizer_json, std::string config_json = {});

  /// Ids of a text, without what prompt_prefix() and prompt_suffix() hold. Added tokens that it spells are
  /// recognised. Invalid UTF-8 is replaced by U+FFFD for each maximal subpart, as Python's
  /// bytes.decode(errors="replace") does.
  std::vector<std::int32_t> encode(std::string_view text) const;
  /// As encode, but special tokens that the text spells are ordinary text: what users write cannot inject
  /// tokens. Added tokens that are not special stay recognised, as with `encode_special_tokens` of Python's
  /// `tokenizers`.
  /// `starts_input`: whether it is the beginning of what is tokenized, or follows a token; some tokenizers
  /// mark the first word alone.
  std::vector<std::int32_t> encode_plain(std::string_view text, bool starts_input = true) const;
  /// A text cut at the special tokens below `end` that it spells: for text that may spell them, such as the
  /// marks of a chat. Error for one that takes white space beside it or stands as a word alone, and, unless
  /// the normalizer changes nothing, for one that is looked for in normalised text: what it means would
  /// depend on what follows. A part is a special token (`id` >= 0) or ordinary text, which points into
  /// `text`.
  struct MarkedText {
    std::string_view text;
    std::int32_t id = -1;
  };
  std::vector<MarkedText> split_specials(std::string_view text, std::int32_t end) const;
  /// The text of ids; ids that no token has are passed over.
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens = false) const;

  /// One more than the largest id, added tokens included. There may be unused ids below it.
  std::int32_t size() const;
  std::optional<std::int32_t> id(std::string_view token) const;
  /// As it is written in the vocabulary; Error for an unused id.
  std::string token(std::int32_t id) const;
  bool is_special(std::int32_t id) const;

  /// Ids before a prompt, such as that of <bos>; may be empty. `add_bos_token` and `add_eos_token` of
  /// tokenizer_config.json decide where one of them is given, otherwise the post-processor of tokenizer.json.
  const std::vector<std::int32_t>& prompt_prefix() const;
  /// Ids after a text that is complete.
  const std::vector<std::int32_t>& prompt_suffix() const;
  /// The tokens that tokenizer_config.json names.
  std::optional<std::int32_t> bos_id() const;
  std::optional<std::int32_t> eos_id() const;

  /// SHA-256 over the names and contents of the files that it was read from, 64 hexadecimal digits.
  std::string hash() const;

  /// Writes tokenizer.json, tokenizer_config.json and chat_template.jinja, if there was one, into a folder,
  /// which must exist, with `names` as further special added tokens of the ids size(), size() + 1, ...;
  /// everything else stays as it was, chat template included. Python's `tokenizers` and `transformers` read
  /// it and agree. Error for a name that is a token already, that is empty or there twice, and for a
  /// vocabulary with unused ids, where `tokenizers` would number new tokens differently.
  void write_with_added(const std::filesystem::path& folder, const std::vector<std::string>& names) const;

 private:
  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pagewright
