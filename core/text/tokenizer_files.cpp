#include "core/text/tokenizer_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/sha256.hpp"
#include "core/base/strict_json.hpp"

namespace pagewright {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEndOfText = "<|endoftext|>";

std::string hash_of(std::initializer_list<std::pair<std::string_view, std::string_view>> files) {
  Sha256 hash;
  for (const auto& [name, content] : files) {
    if (content.empty()) continue;
    hash.update(fmt::format("{}\n{}\n", name, content.size())).update(content);
  }
  return hash.hex();
}

TokenizerFiles read_gpt2_pair(const fs::path& folder) {
  const std::string encoder = read_file(folder / "encoder.json"), merges = read_file(folder / "vocab.bpe");
  TokenizerFiles files;
  files.path = folder;  // vocabulary and merges are in a file each
  files.tokenizer_json = with_context(folder.string(), [&] { return gpt2_tokenizer_json(encoder, merges); });
  files.config_path = folder / "encoder.json";
  files.config_json = fmt::format(
      R"({{"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "{0}", "eos_token": "{0}", "unk_token": "{0}", "model_max_length": 1024}})",
      kEndOfText);
  files.hash = hash_of({{"encoder.json", encoder}, {"vocab.bpe", merges}});
  return files;
}

/// A token written as a text or as an object with its content.
std::optional<std::string> token_setting(const nlohmann::json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  require(found->is_object() && found->contains("content") && found->at("content").is_string(),
          "{}: must be a text or an object with a content", key);
  return found->at("content").get<std::string>();
}

std::optional<bool> flag_setting(const nlohmann::json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return std::nullopt;
  require(found->is_boolean(), "{}: must be true or false", key);
  return found->get<bool>();
}

std::pair<std::int64_t, std::string> added_setting(const std::string& key, const nlohmann::json& value) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  require(error == std::errc() && end == key.data() + key.size() && id >= 0,
          "added_tokens_decoder: '{}' is no id", key);
  require(value.is_object() && value.contains("content") && value.at("content").is_string(),
          "added_tokens_decoder.{}: must be an object with a content", key);
  return {id, value.at("content").get<std::string>()};
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& path) {
  const bool is_folder = fs::is_directory(path);
  TokenizerFiles files;
  files.path = is_folder ? path / "tokenizer.json" : path;
  if (is_folder && !fs::exists(files.path)) {
    if (fs::exists(path / "encoder.json") && fs::exists(path / "vocab.bpe")) return read_gpt2_pair(path);
    fail(
        "{}: has no tokenizer.json. A SentencePiece model alone is not read: load the folder with "
        "transformers and save it "
        "again, which writes one",
        path.string());
  }
  files.tokenizer_json = read_file(files.path);
  files.config_path = files.path.parent_path() / "tokenizer_config.json";
  const fs::path chat_template = files.path.parent_path() / kChatTemplateFile;
  const bool has_company = files.path.filename() == "tokenizer.json";
  if (has_company && fs::exists(files.config_path)) files.config_json = read_file(files.config_path);
  if (has_company && fs::exists(chat_template)) files.chat_template = read_file(chat_template);
  files.hash =
      hash_of({{"tokenizer.json", files.tokenizer_json}, {"tokenizer_config.json", files.config_json}});
  return files;
}

std::string gpt2_tokenizer_json(std::string_view encoder_json, std::string_view vocab_bpe) {
  const nlohmann::json vocab = with_context("encoder.json", [&] {
    nlohmann::json value = parse_strict_json(encoder_json);
    require(value.is_object(), "must be an object of tokens and ids");
    return value;
  });
  nlohmann::json merges = nlohmann::json::array();
  for (std::size_t begin = 0; begin < vocab_bpe.size();) {
    const std::size_t end = std::min(vocab_bpe.find('\n', begin), vocab_bpe.size());
    std::string_view line = vocab_bpe.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !(begin == 0 && line.starts_with("#version"))) merges.push_back(std::string(line));
    begin = end + 1;
  }
  nlohmann::json added = nlohmann::json::array();
  if (vocab.contains(kEndOfText))
    added.push_back({{"id", vocab.at(std::string(kEndOfText))},
                     {"content", kEndOfText},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  const nlohmann::json bytes = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  return nlohmann::json({{"version", "1.0"},
                         {"truncation", nullptr},
                         {"padding", nullptr},
                         {"added_tokens", std::move(added)},
                         {"normalizer", nullptr},
                         {"pre_tokenizer", bytes},
                         {"post_processor", bytes},
                         {"decoder", bytes},
                         {"model",
                          {{"type", "BPE"},
                           {"dropout", nullptr},
                           {"unk_token", nullptr},
                           {"continuing_subword_prefix", nullptr},
                           {"end_of_word_suffix", nullptr},
                           {"fuse_unk", false},
                           {"byte_fallback", false},
                           {"ignore_merges", false},
                           {"vocab", vocab},
                           {"merges", std::move(merges)}}}})
      .dump();
}

TokenizerSettings parse_tokenizer_settings(std::string_view config_json) {
  TokenizerSettings settings;
  if (config_json.empty()) return settings;
  const nlohmann::json config = parse_strict_json(config_json);
  require(config.is_object(), "must be an object");
  settings.bos = token_setting(config, "bos_token");
  settings.eos = token_setting(config, "eos_token");
  settings.pad = token_setting(config, "pad_token");
  settings.add_bos = flag_setting(config, "add_bos_token");
  settings.add_eos = flag_setting(config, "add_eos_token");
  const auto added = config.find("added_tokens_decoder");
  if (added == config.end() || added->is_null()) return settings;
  require(added->is_object(), "added_tokens_decoder: must be an object");
  for (const auto& [key, value] : added->items()) settings.added.push_back(added_setting(key, value));
  return settings;
}

}  // namespace pagewright
