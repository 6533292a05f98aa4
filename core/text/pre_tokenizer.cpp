#include "core/text/pre_tokenizer.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/byte_alphabet.hpp"
#include "core/text/pattern_json.hpp"
#include "core/text/split_behavior.hpp"
#include "core/text/unicode_tables.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// Replaces each piece by what `spans_of(text, spans)` leaves of it.
template <class SpansOf>
void cut_pieces(TextPieces& pieces, const SpansOf& spans_of) {
  std::vector<TextPiece> result;
  result.reserve(pieces.pieces.size());
  std::vector<PatternSpan> spans;
  for (const TextPiece& piece : pieces.pieces) {
    spans_of(piece.text, spans);
    for (const PatternSpan& span : spans)
      result.push_back(
          {piece.text.substr(span.begin, span.end - span.begin), piece.at_start && span.begin == 0});
  }
  pieces.pieces = std::move(result);
}

struct SplitStep : PreTokenizer::Step {
  SplitStep(TextPattern p, SplitBehavior b, bool i) : pattern(std::move(p)), behavior(b), invert(i) {}
  void apply(TextPieces& pieces) const override {
    cut_pieces(pieces, [&](std::string_view text, std::vector<PatternSpan>& spans) {
      pattern.find(text, spans);
      for (PatternSpan& span : spans) span.is_match ^= invert;
      apply_split(behavior, spans);
    });
  }
  TextPattern pattern;
  SplitBehavior behavior;
  bool invert;
};

/// Splits at each character for which a predicate holds.
struct CharacterStep : PreTokenizer::Step {
  CharacterStep(bool (*p)(char32_t), SplitBehavior b) : predicate(p), behavior(b) {}
  void apply(TextPieces& pieces) const override {
    cut_pieces(pieces, [&](std::string_view text, std::vector<PatternSpan>& spans) {
      spans.clear();
      std::size_t covered = 0;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t next = at + utf8_length(text[at]);
        if (predicate(code_point_at(text, at))) {
          if (covered < at) spans.push_back({covered, at, false});
          spans.push_back({at, next, true});
          covered = next;
        }
        at = next;
      }
      if (covered < text.size()) spans.push_back({covered, text.size(), false});
      apply_split(behavior, spans);
    });
  }
  bool (*predicate)(char32_t);
  SplitBehavior behavior;
};

struct MetaspaceStep : PreTokenizer::Step {
  using Prepend = MetaspaceOptions::Prepend;
  explicit MetaspaceStep(MetaspaceOptions o)
      : options(std::move(o)), pattern(TextPattern::literal(options.replacement)) {}
  void apply(TextPieces& pieces) const override {
    for (TextPiece& piece : pieces.pieces) {
      std::string text;
      text.reserve(piece.text.size() + 8);
      for (const char c : piece.text)
        if (c == ' ')
          text += options.replacement;
        else
          text += c;
      const bool wanted =
          options.prepend == Prepend::always || (options.prepend == Prepend::first && piece.at_start);
      if (wanted && !text.starts_with(options.replacement)) text.insert(0, options.replacement);
      piece.text = pieces.texts.emplace_back(std::move(text));
    }
    if (!options.split) return;
    cut_pieces(pieces, [&](std::string_view text, std::vector<PatternSpan>& spans) {
      pattern.find(text, spans);
      apply_split(SplitBehavior::merged_with_next, spans);
    });
  }
  MetaspaceOptions options;
  TextPattern pattern;
};

struct PrefixSpaceStep : PreTokenizer::Step {
  void apply(TextPieces& pieces) const override {
    for (TextPiece& piece : pieces.pieces)
      if (!piece.text.starts_with(' ')) piece.text = pieces.texts.emplace_back(" " + std::string(piece.text));
  }
};

struct ByteAlphabetStep : PreTokenizer::Step {
  void apply(TextPieces& pieces) const override {
    for (TextPiece& piece : pieces.pieces)
      piece.text = pieces.texts.emplace_back(to_byte_alphabet(piece.text));
  }
};

bool is_numeric(char32_t c) {
  return c < 0x80 ? c >= '0' && c <= '9' : find_range(numeric_ranges(), c) != nullptr;
}
bool is_punctuation(char32_t c) {
  return find_range(punctuation_ranges(), c) != nullptr;
}

using PreTokenizerStepPointer = std::shared_ptr<const PreTokenizer::Step>;

SplitBehavior read_behavior(const JsonObject& object, std::string_view otherwise) {
  const std::string name = object.has("behavior") ? object.text("behavior") : std::string(otherwise);
  return with_context(object.path_of("behavior"), [&] { return split_behavior(name); });
}

PreTokenizerStepPointer read_pre_tokenizer_step(const JsonObject& object, const std::string& type) {
  if (type == "Split") {
    object.only(std::array<std::string_view, 4>{"type", "pattern", "behavior", "invert"});
    return std::make_shared<SplitStep>(read_pattern(object), read_behavior(object, ""),
                                       object.boolean("invert"));
  }
  if (type == "Digits") {
    object.only(std::array<std::string_view, 2>{"type", "individual_digits"});
    return std::make_shared<CharacterStep>(is_numeric, object.boolean("individual_digits")
                                                           ? SplitBehavior::isolated
                                                           : SplitBehavior::contiguous);
  }
  if (type == "Punctuation") {
    object.only(std::array<std::string_view, 2>{"type", "behavior"});
    return std::make_shared<CharacterStep>(is_punctuation, read_behavior(object, "Isolated"));
  }
  if (type == "WhitespaceSplit") {
    object.only(std::array<std::string_view, 1>{"type"});
    return std::make_shared<CharacterStep>(is_white_space, SplitBehavior::removed);
  }
  if (type == "Metaspace") return std::make_shared<MetaspaceStep>(read_metaspace_options(object));
  object.complain("type",
                  fmt::format("the pre-tokenizer {} is not supported (ByteLevel, Split, Digits, Metaspace, "
                              "Punctuation, WhitespaceSplit and Sequence are)",
                              type));
}

}  // namespace

PreTokenizer PreTokenizer::from(const nlohmann::json& value, const std::string& path) {
  PreTokenizer result;
  if (!value.is_null()) result.add(value, path, 0);
  return result;
}

void PreTokenizer::add(const nlohmann::json& value, const std::string& path, int depth) {
  require(depth < kDeepestComponent, "{}: sequences are nested too deeply", path);
  const JsonObject object(value, path);
  const std::string type = object.required_text("type");
  if (type == "Sequence") {
    object.only(std::array<std::string_view, 2>{"type", "pretokenizers"});
    const nlohmann::json& members = list_of(value, "pretokenizers", path);
    for (std::size_t i = 0; i < members.size(); ++i)
      add(members[i], member_path(path, "pretokenizers", i), depth + 1);
    return;
  }
  if (ends_in_bytes_) steps_.push_back(std::make_shared<ByteAlphabetStep>());
  ends_in_bytes_ = type == "ByteLevel";
  if (!ends_in_bytes_) {
    steps_.push_back(read_pre_tokenizer_step(object, type));
    return;
  }
  object.only(std::array<std::string_view, 4>{"type", "add_prefix_space", "trim_offsets", "use_regex"});
  if (object.boolean("add_prefix_space")) steps_.push_back(std::make_shared<PrefixSpaceStep>());
  if (!object.has("use_regex") || object.boolean("use_regex"))
    steps_.push_back(
        std::make_shared<SplitStep>(TextPattern::regex(kGpt2Pattern), SplitBehavior::isolated, false));
}

void PreTokenizer::apply(TextPieces& pieces) const {
  for (const auto& step : steps_) step->apply(pieces);
}

}  // namespace pagewright
