#include "core/text/added_tokens.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/text/text_pattern.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

/// Whether a character is one of words, as Rust's regular expressions (not Oniguruma's) see it.
bool is_word_character(std::string_view character) {
  static const TextPattern word = TextPattern::regex(R"([\w\x{200c}\x{200d}])");
  std::vector<PatternSpan> spans;
  word.find(character, spans);
  return !spans.empty() && spans[0].is_match;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0) {
    const std::string_view before = text.substr(0, begin);
    if (is_word_character(before.substr(last_character(before)))) return false;
  }
  return end == text.size() || !is_word_character(text.substr(end, utf8_length(text[end])));
}

std::size_t white_space_begin(std::string_view text, std::size_t end) {
  while (end > 0) {
    const std::size_t last = last_character(text.substr(0, end));
    if (!is_white_space(code_point_at(text, last))) break;
    end = last;
  }
  return end;
}

std::size_t white_space_end(std::string_view text, std::size_t begin) {
  while (begin < text.size() && is_white_space(code_point_at(text, begin))) begin += utf8_length(text[begin]);
  return begin;
}

AddedToken read_added_token(const nlohmann::json& value, const std::string& path) {
  const JsonObject object(value, path);
  static constexpr std::array<std::string_view, 7> kKeys = {"id",     "content",    "single_word", "lstrip",
                                                            "rstrip", "normalized", "special"};
  object.only(kKeys);
  for (const std::string_view key : kKeys)
    if (!object.has(key)) object.complain(key, "is missing");
  AddedToken token;
  token.content = object.required_text("content");
  const std::int64_t id = *object.integer("id");
  if (id < 0 || id > TokenVocabulary::kLargestId) object.complain("id", "is out of range");
  token.id = static_cast<std::int32_t>(id);
  token.single_word = object.boolean("single_word");
  token.lstrip = object.boolean("lstrip");
  token.rstrip = object.boolean("rstrip");
  token.is_normalized = object.boolean("normalized");
  token.is_special = object.boolean("special");
  return token;
}

}  // namespace

void LongestMatcher::add(std::string_view content, std::size_t token) {
  if (content.empty()) return;
  first_bytes_.set(static_cast<unsigned char>(content[0]));
  std::size_t node = 0;
  for (const char byte : content) {
    const auto& children = nodes_[node].children;
    const auto child =
        std::find_if(children.begin(), children.end(), [&](const auto& c) { return c.first == byte; });
    if (child != children.end()) {
      node = child->second;
      continue;
    }
    nodes_.emplace_back();
    nodes_[node].children.emplace_back(byte, nodes_.size() - 1);
    node = nodes_.size() - 1;
  }
  if (nodes_[node].token == kNone) nodes_[node].token = token;
}

LongestMatcher::Match LongestMatcher::find(std::string_view text, std::size_t from) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    if (!first_bytes_[static_cast<unsigned char>(text[begin])]) continue;
    Match match;
    std::size_t node = 0;
    for (std::size_t at = begin; at < text.size(); ++at) {
      const auto& children = nodes_[node].children;
      const auto child =
          std::find_if(children.begin(), children.end(), [&](const auto& c) { return c.first == text[at]; });
      if (child == children.end()) break;
      node = child->second;
      if (nodes_[node].token != kNone) match = {begin, at + 1, nodes_[node].token};
    }
    if (match.end > 0) return match;
  }
  return {};
}

AddedTokens AddedTokens::from(const nlohmann::json& list, const std::string& path,
                              const TokenVocabulary& model, const Normalizer& normalizer) {
  AddedTokens added;
  added.next_id_ = static_cast<std::int32_t>(model.count());
  if (list.is_null()) return added;
  require(list.is_array(), "{}: must be a list", path);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    AddedToken token = read_added_token(list[i], place);
    require(added.by_content_.emplace(token.content, i).second, "{}: token '{}' is there twice", place,
            token.content);
    const std::int32_t id = model.id(token.content).value_or(added.next_id_);
    require(token.id == id,
            "{}: token '{}' has the id {}, but Python's tokenizers would number it {}: ids of added tokens "
            "that the "
            "vocabulary lacks must follow it without a gap",
            place, token.content, token.id, id);
    require(added.find(id) == nullptr && (model.id(token.content) || !model.has(id)),
            "{}: the id {} belongs to another token", place, id);
    added.next_id_ = std::max(added.next_id_, id + 1);
    added.by_id_.resize(std::max(added.by_id_.size(), static_cast<std::size_t>(id) + 1), -1);
    added.by_id_[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
    bool at_start = true;
    token.decoded = token.is_normalized ? normalizer.apply(token.content, at_start) : token.content;
    (token.is_normalized ? added.normalized_ : added.raw_).add(token.decoded, i);
    added.tokens_.push_back(std::move(token));
  }
  return added;
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= by_id_.size()) return nullptr;
  const std::int32_t index = by_id_[static_cast<std::size_t>(id)];
  return index < 0 ? nullptr : &tokens_[static_cast<std::size_t>(index)];
}

const AddedToken* AddedTokens::find(const std::string& content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

void AddedTokens::split(std::string_view text, Stage stage, bool specials,
                        std::vector<TextPart>& parts) const {
  parts.clear();
  const LongestMatcher& tokens = matcher(stage);
  std::size_t covered = 0, from = 0;
  while (!tokens.empty()) {
    const LongestMatcher::Match match = tokens.find(text, from);
    if (match.end == 0) break;
    from = match.end;
    const AddedToken& token = tokens_[match.token];
    if (token.is_special && !specials) continue;
    if (token.single_word && !stands_alone(text, match.begin, match.end)) continue;
    // White space that the token before has taken stays there.
    const std::size_t begin =
        token.lstrip ? std::max(white_space_begin(text, match.begin), covered) : match.begin;
    const std::size_t end = token.rstrip ? white_space_end(text, match.end) : match.end;
    if (covered < begin) parts.push_back({covered, begin, -1});
    parts.push_back({begin, end, token.id});
    covered = end;
  }
  if (covered < text.size()) parts.push_back({covered, text.size(), -1});
}

}  // namespace pagewright
