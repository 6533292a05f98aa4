#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

inline constexpr const char* kChatTemplateFile = "chat_template.jinja";

/// The files that define a tokenizer, as texts.
struct TokenizerFiles {
  std::filesystem::path path;  ///< of the tokenizer.json, or of what stands for it; for error texts
  std::string tokenizer_json;
  std::filesystem::path config_path;
  std::string config_json;  ///< tokenizer_config.json; empty: none
  /// chat_template.jinja, where `transformers` 5 keeps it; empty: none. Prompts are the template's business,
  /// not its, so it is handed on and no part of the hash.
  std::string chat_template;
  std::string hash;  ///< SHA-256 over names and contents of the files
};

/// Reads tokenizer.json, tokenizer_config.json and chat_template.jinja of a folder, or a tokenizer.json (with
/// the others beside it if it has that very name). A folder with encoder.json and vocab.bpe of GPT-2 instead
/// gives the tokenizer.json that they amount to.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& path);

/// The tokenizer.json of GPT-2's pair: byte-level BPE with GPT-2's expression, <|endoftext|> being special.
std::string gpt2_tokenizer_json(std::string_view encoder_json, std::string_view vocab_bpe);

/// What tokenizer_config.json says about plain prompts.
struct TokenizerSettings {
  std::optional<std::string> bos, eos, pad;
  std::optional<bool> add_bos, add_eos;
  std::vector<std::pair<std::int64_t, std::string>> added;  ///< ids and contents of added_tokens_decoder
};
TokenizerSettings parse_tokenizer_settings(std::string_view config_json);

/// tokenizer.json and tokenizer_config.json with special added tokens appended: ids `first`, `first` + 1, ...
/// Everything else stays as it is written.
std::string tokenizer_json_with(std::string_view tokenizer_json, const std::vector<std::string>& names,
                                std::int32_t first);
std::string tokenizer_config_with(std::string_view config_json, const std::vector<std::string>& names,
                                  std::int32_t first);

}  // namespace pagewright
