#include "core/text/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json_fields.hpp"
#include "core/base/sha256.hpp"
#include "core/base/strict_json.hpp"
#include "core/text/added_tokens.hpp"
#include "core/text/bpe_model.hpp"
#include "core/text/decoder.hpp"
#include "core/text/normalizer.hpp"
#include "core/text/post_processor.hpp"
#include "core/text/pre_tokenizer.hpp"
#include "core/text/tokenizer_files.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

struct Tokenizer::Impl {
  TokenizerFiles files;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  BpeModel model;
  AddedTokens added;
  Decoder decoder;
  PromptFrame frame;
  std::optional<std::int32_t> bos, eos;

  explicit Impl(TokenizerFiles f) : files(std::move(f)) {
    with_context(files.path.string(), [&] { read_json(); });
    with_context(files.config_path.string(), [&] { read_settings(); });
  }

  void read_json() {
    const nlohmann::json value = parse_strict_json(files.tokenizer_json);
    const JsonObject object(value, "");
    // Truncation and padding are wishes of whoever saved the file; `transformers` resets them before each
    // call.
    object.only(std::array<std::string_view, 9>{"version", "truncation", "padding", "added_tokens",
                                                "normalizer", "pre_tokenizer", "post_processor", "decoder",
                                                "model"});
    if (object.has("version") && object.text("version") != "1.0")
      object.complain("version", fmt::format("{} is not supported (1.0 is)", object.text("version")));
    const auto member = [&](const char* key) {
      return value.contains(key) ? value.at(key) : nlohmann::json();
    };
    normalizer = Normalizer::from(member("normalizer"), "normalizer");
    pre_tokenizer = PreTokenizer::from(member("pre_tokenizer"), "pre_tokenizer");
    if (!object.has("model")) object.complain("model", "is missing");
    model = BpeModel::from(value.at("model"), "model", pre_tokenizer.ends_in_bytes());
    added = AddedTokens::from(member("added_tokens"), "added_tokens", model.vocabulary(), normalizer);
    frame = read_post_processor(member("post_processor"), "post_processor");
    for (const auto* side : {&frame.before, &frame.after})
      for (const std::int32_t id : *side)
        require(has(id), "post_processor: its id {} is not one of the vocabulary", id);
    decoder = Decoder::from(member("decoder"), "decoder");
  }

  void read_settings() {
    const TokenizerSettings settings = parse_tokenizer_settings(files.config_json);
    for (const auto& [token_id, content] : settings.added)
      require(id(content) == std::optional<std::int64_t>(token_id),
              "added_tokens_decoder: token '{}' with the id {} is not in {}", content, token_id,
              files.path.string());
    const auto named = [&](const std::optional<std::string>& token, const char* key) {
      if (!token) return std::optional<std::int32_t>();
      const auto token_id = id(*token);
      require(token_id.has_value(), "{}: '{}' is not in {}", key, *token, files.path.string());
      return token_id;
    };
    bos = named(settings.bos, "bos_token");
    eos = named(settings.eos, "eos_token");
    named(settings.pad, "pad_token");
    if (!settings.add_bos && !settings.add_eos) return;
    frame = {};
    if (settings.add_bos.value_or(false) && bos) frame.before = {*bos};
    if (settings.add_eos.value_or(false) && eos) frame.after = {*eos};
  }

  bool has(std::int32_t id) const { return model.vocabulary().has(id) || added.find(id) != nullptr; }
  const std::string& token(std::int32_t id) const {
    const AddedToken* token = added.find(id);
    return token != nullptr ? token->content : model.vocabulary().token(id);
  }
  std::optional<std::int32_t> id(std::string_view name) const {
    if (const AddedToken* token = added.find(std::string(name))) return token->id;
    return model.vocabulary().id(name);
  }
  std::int32_t size() const {
    std::int32_t end = model.vocabulary().end();
    for (const AddedToken& token : added.tokens()) end = std::max(end, token.id + 1);
    return end;
  }

  /// Whether fixed words may spell a special token.
  void check_spelled(const AddedToken& token) const {
    require(
        !token.lstrip && !token.rstrip && !token.single_word,
        "the special token '{}' takes the white space beside it or stands alone: fixed words cannot spell it",
        token.content);
    require(!token.is_normalized || normalizer.is_identity(),
            "the special token '{}' is looked for in normalised text: fixed words cannot spell it",
            token.content);
  }

  std::vector<std::int32_t> encode(std::string_view bytes, bool specials, bool starts) const {
    std::string repaired;
    if (valid_utf8_prefix(bytes) != bytes.size()) bytes = repaired = replace_invalid_utf8(bytes);
    std::vector<std::int32_t> ids;
    ids.reserve(bytes.size() / 4 + 8);
    std::vector<TextPart> parts;
    added.split(bytes, AddedTokens::Stage::raw, specials, parts);
    for (const TextPart& part : parts) {
      if (part.id >= 0)
        ids.push_back(part.id);
      else
        encode_raw(bytes.substr(part.begin, part.end - part.begin), starts && part.begin == 0, specials, ids);
    }
    return ids;
  }

  /// Text without added tokens that are looked for before normalisation.
  void encode_raw(std::string_view text, bool at_start, bool specials, std::vector<std::int32_t>& ids) const {
    std::string normalised;
    if (!normalizer.is_identity()) text = normalised = normalizer.apply(text, at_start);
    if (!added.has(AddedTokens::Stage::normalized)) return encode_words(text, at_start, ids);
    std::vector<TextPart> parts;
    added.split(text, AddedTokens::Stage::normalized, specials, parts);
    for (const TextPart& part : parts) {
      if (part.id >= 0)
        ids.push_back(part.id);
      else
        encode_words(text.substr(part.begin, part.end - part.begin), at_start && part.begin == 0, ids);
    }
  }

  void encode_words(std::string_view text, bool at_start, std::vector<std::int32_t>& ids) const {
    if (text.empty()) return;
    TextPieces pieces;
    pieces.pieces.push_back({text, at_start});
    pre_tokenizer.apply(pieces);
    for (const TextPiece& piece : pieces.pieces) model.append(piece.text, ids);
  }
};

Tokenizer::Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Tokenizer Tokenizer::read(const std::filesystem::path& path) {
  return Tokenizer(std::make_shared<const Impl>(read_tokenizer_files(path)));
}

Tokenizer Tokenizer::parse(std::string tokenizer_json, std::string config_json) {
  TokenizerFiles files;
  files.path = "tokenizer.json";
  files.config_path = "tokenizer_config.json";
  files.hash = sha256_hex(tokenizer_json + config_json);
  files.tokenizer_json = std::move(tokenizer_json);
  files.config_json = std::move(config_json);
  return Tokenizer(std::make_shared<const Impl>(std::move(files)));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  return impl_->encode(text, true, true);
}

std::vector<std::int32_t> Tokenizer::encode_plain(std::string_view text, bool starts_input) const {
  return impl_->encode(text, false, starts_input);
}

std::vector<Tokenizer::MarkedText> Tokenizer::split_specials(std::string_view text, std::int32_t end) const {
  std::vector<MarkedText> result;
  std::size_t covered = 0;
  const auto words_until = [&](std::size_t border) {
    if (covered < border) result.push_back({text.substr(covered, border - covered)});
    covered = border;
  };
  const auto take = [&](std::size_t offset, std::size_t size, AddedTokens::Stage stage) {
    std::vector<TextPart> parts;
    impl_->added.split(text.substr(offset, size), stage, /*specials=*/true, parts);
    for (const TextPart& part : parts) {
      if (part.id < 0 || part.id >= end || !is_special(part.id)) continue;
      impl_->check_spelled(*impl_->added.find(part.id));
      words_until(offset + part.begin);
      result.push_back({text.substr(covered, part.end - part.begin), part.id});
      covered = offset + part.end;
    }
  };
  take(0, text.size(), AddedTokens::Stage::raw);
  words_until(text.size());
  if (!impl_->added.has(AddedTokens::Stage::normalized)) return result;
  // Tokens that are looked for in normalised text: in the words that are left.
  const std::vector<MarkedText> raw = std::exchange(result, {});
  covered = 0;
  for (const MarkedText& part : raw) {
    const auto offset = static_cast<std::size_t>(part.text.data() - text.data());
    if (part.id < 0) {
      take(offset, part.text.size(), AddedTokens::Stage::normalized);
      continue;
    }
    words_until(offset);
    result.push_back(part);
    covered = offset + part.text.size();
  }
  words_until(text.size());
  return result;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const std::int32_t id : ids) {
    if (!impl_->has(id)) continue;
    const AddedToken* added = impl_->added.find(id);
    if (added == nullptr)
      tokens.push_back(impl_->model.vocabulary().token(id));
    else if (!added->is_special || !skip_special_tokens)
      tokens.push_back(added->decoded);
  }
  return impl_->decoder.decode(std::move(tokens));
}

std::int32_t Tokenizer::size() const {
  return impl_->size();
}

std::optional<std::int32_t> Tokenizer::id(std::string_view token) const {
  return impl_->id(token);
}

std::string Tokenizer::token(std::int32_t id) const {
  require(impl_->has(id), "{}: no token has the id {}", impl_->files.path.string(), id);
  return impl_->token(id);
}

bool Tokenizer::is_special(std::int32_t id) const {
  const AddedToken* token = impl_->added.find(id);
  return token != nullptr && token->is_special;
}

const std::vector<std::int32_t>& Tokenizer::prompt_prefix() const {
  return impl_->frame.before;
}

const std::vector<std::int32_t>& Tokenizer::prompt_suffix() const {
  return impl_->frame.after;
}

std::optional<std::int32_t> Tokenizer::bos_id() const {
  return impl_->bos;
}

std::optional<std::int32_t> Tokenizer::eos_id() const {
  return impl_->eos;
}

std::string Tokenizer::hash() const {
  return impl_->files.hash;
}

void Tokenizer::write_with_added(const std::filesystem::path& folder,
                                 const std::vector<std::string>& names) const {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    require(!name.empty() && valid_utf8_prefix(name) == name.size(),
            "a name of an added token is empty or not UTF-8");
    require(!id(name), "cannot add the token '{}': {} has it already", name, impl_->files.path.string());
    require(seen.insert(name).second, "cannot add the token '{}' twice", name);
  }
  const std::int32_t first = impl_->added.next_id();
  require(names.empty() || first == size(),
          "{}: cannot add tokens: the vocabulary has unused ids, and Python's tokenizers would number the "
          "next one {} "
          "instead of {}",
          impl_->files.path.string(), first, size());
  write_file_atomically(folder / "tokenizer.json",
                        tokenizer_json_with(impl_->files.tokenizer_json, names, first));
  write_file_atomically(folder / "tokenizer_config.json",
                        tokenizer_config_with(impl_->files.config_json, names, first));
  if (!impl_->files.chat_template.empty())
    write_file_atomically(folder / kChatTemplateFile, impl_->files.chat_template);
}

}  // namespace pagewright
