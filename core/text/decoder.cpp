#include "core/text/decoder.hpp"

#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/byte_alphabet.hpp"
#include "core/text/pattern_json.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

using Tokens = std::vector<std::string>;

std::string join(const Tokens& tokens, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) text += between;
    text += tokens[i];
  }
  return text;
}

struct ByteLevelDecoder : Decoder::Step {
  void apply(Tokens& tokens) const override {
    std::string bytes;
    for (std::string& token : tokens) {
      auto decoded = from_byte_alphabet(token);
      bytes += decoded ? *decoded : token;  // an added token is not written in that alphabet
    }
    tokens = {replace_invalid_utf8(bytes)};
  }
};

struct MetaspaceDecoder : Decoder::Step {
  void apply(Tokens& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string text;
      const std::string& token = tokens[i];
      for (std::size_t at = 0; at < token.size(); at += utf8_length(token[at])) {
        const std::string_view c = std::string_view(token).substr(at, utf8_length(token[at]));
        if (c != replacement)
          text += c;
        else if (i > 0 || !drops_first)
          text += ' ';
      }
      tokens[i] = std::move(text);
    }
  }
  std::string replacement;
  bool drops_first = true;
};

/// The byte of a token such as <0xE3>, or -1.
int byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  std::string_view digits = token.substr(3, 2);
  if (digits[0] == '+') digits.remove_prefix(1);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return error == std::errc() && end == digits.data() + digits.size() ? static_cast<int>(value) : -1;
}

struct ByteFallbackDecoder : Decoder::Step {
  void apply(Tokens& tokens) const override {
    Tokens result;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (valid_utf8_prefix(bytes) == bytes.size())
        result.push_back(bytes);
      else
        result.insert(result.end(), bytes.size(), std::string(kReplacementCharacter));
      bytes.clear();
    };
    for (std::string& token : tokens) {
      const int byte = byte_of_token(token);
      if (byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush();
      result.push_back(std::move(token));
    }
    flush();
    tokens = std::move(result);
  }
};

struct FuseDecoder : Decoder::Step {
  void apply(Tokens& tokens) const override { tokens = {join(tokens, "")}; }
};

struct StripDecoder : Decoder::Step {
  void apply(Tokens& tokens) const override {
    for (std::string& token : tokens) {
      std::string_view text = token;
      for (std::int64_t i = 0; i < start && text.starts_with(content); ++i)
        text.remove_prefix(content.size());
      for (std::int64_t i = 0; i < stop && text.ends_with(content); ++i) text.remove_suffix(content.size());
      token = std::string(text);
    }
  }
  std::string content;
  std::int64_t start = 0, stop = 0;
};

struct ReplaceDecoder : Decoder::Step {
  ReplaceDecoder(TextPattern p, std::string c) : pattern(std::move(p)), content(std::move(c)) {}
  void apply(Tokens& tokens) const override {
    std::vector<PatternSpan> spans;
    for (std::string& token : tokens) {
      pattern.find(token, spans);
      std::string text;
      for (const PatternSpan& span : spans)
        text.append(span.is_match ? content : token.substr(span.begin, span.end - span.begin));
      token = std::move(text);
    }
  }
  TextPattern pattern;
  std::string content;
};

using StepPointer = std::shared_ptr<const Decoder::Step>;

StepPointer read_metaspace_decoder(const JsonObject& object) {
  const MetaspaceOptions options = read_metaspace_options(object);
  auto step = std::make_shared<MetaspaceDecoder>();
  step->replacement = options.replacement;
  step->drops_first = options.prepend != MetaspaceOptions::Prepend::never;
  return step;
}

StepPointer read_strip_decoder(const JsonObject& object) {
  object.only(std::array<std::string_view, 4>{"type", "content", "start", "stop"});
  auto step = std::make_shared<StripDecoder>();
  append_utf8(step->content, read_character(object, "content"));
  step->start = object.integer("start").value_or(0);
  step->stop = object.integer("stop").value_or(0);
  return step;
}

StepPointer read_decoder_step(const JsonObject& object, const std::string& type) {
  if (type == "ByteLevel") {
    object.only(std::array<std::string_view, 4>{"type", "add_prefix_space", "trim_offsets", "use_regex"});
    return std::make_shared<ByteLevelDecoder>();
  }
  if (type == "Metaspace") return read_metaspace_decoder(object);
  if (type == "Strip") return read_strip_decoder(object);
  if (type == "Replace") {
    object.only(std::array<std::string_view, 3>{"type", "pattern", "content"});
    return std::make_shared<ReplaceDecoder>(read_pattern(object), object.text("content"));
  }
  if (type == "ByteFallback" || type == "Fuse") {
    object.only(std::array<std::string_view, 1>{"type"});
    if (type == "Fuse") return std::make_shared<FuseDecoder>();
    return std::make_shared<ByteFallbackDecoder>();
  }
  object.complain(
      "type", fmt::format("the decoder {} is not supported (ByteLevel, Metaspace, ByteFallback, Fuse, Strip, "
                          "Replace and Sequence are)",
                          type));
}

}  // namespace

Decoder Decoder::from(const nlohmann::json& value, const std::string& path) {
  Decoder result;
  if (value.is_null()) return result;
  result.is_given_ = true;
  result.add(value, path, 0);
  return result;
}

void Decoder::add(const nlohmann::json& value, const std::string& path, int depth) {
  require(depth < kDeepestComponent, "{}: sequences are nested too deeply", path);
  const JsonObject object(value, path);
  const std::string type = object.required_text("type");
  if (type != "Sequence") {
    steps_.push_back(read_decoder_step(object, type));
    return;
  }
  object.only(std::array<std::string_view, 2>{"type", "decoders"});
  const nlohmann::json& members = list_of(value, "decoders", path);
  for (std::size_t i = 0; i < members.size(); ++i)
    add(members[i], member_path(path, "decoders", i), depth + 1);
}

std::string Decoder::decode(std::vector<std::string> tokens) const {
  for (const auto& step : steps_) step->apply(tokens);
  return join(tokens, is_given_ ? "" : " ");
}

}  // namespace pagewright
