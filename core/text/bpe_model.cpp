#include "core/text/bpe_model.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/text/byte_alphabet.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

std::string byte_token(unsigned byte) {
  return fmt::format("<0x{:02X}>", byte);
}

/// The two tokens of a merge, written as "a b" or ["a", "b"].
std::array<std::string, 2> merge_pair(const nlohmann::json& merge, const std::string& path,
                                      std::size_t rank) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  require(merge.is_string(), "{}[{}]: must be a text of two tokens or a list of two", path, rank);
  const auto& text = merge.get_ref<const std::string&>();
  const std::size_t space = text.find(' ');
  require(space != std::string::npos && text.find(' ', space + 1) == std::string::npos,
          "{}[{}]: '{}' is not two tokens with a space between them", path, rank, text);
  return {text.substr(0, space), text.substr(space + 1)};
}

void check_model_options(const JsonObject& object) {
  static constexpr std::array<std::string_view, 10> kKeys = {"type",
                                                             "dropout",
                                                             "unk_token",
                                                             "continuing_subword_prefix",
                                                             "end_of_word_suffix",
                                                             "fuse_unk",
                                                             "byte_fallback",
                                                             "ignore_merges",
                                                             "vocab",
                                                             "merges"};
  const std::string type = object.has("type")     ? object.text("type")
                           : object.has("merges") ? "BPE"
                                                  : "of no type";
  if (type != "BPE") object.complain("type", fmt::format("the model {} is not supported (BPE is)", type));
  object.only(kKeys);
  if (object.number("dropout").value_or(0) != 0)
    object.complain("dropout", "is not supported: ids would be random. Set it to null");
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!object.text(key).empty()) object.complain(key, "is not supported");
}

}  // namespace

BpeModel BpeModel::from(const nlohmann::json& value, const std::string& path, bool reads_bytes) {
  const JsonObject object(value, path);
  check_model_options(object);
  BpeModel model;
  model.reads_bytes_ = reads_bytes;
  model.ignore_merges_ = object.boolean("ignore_merges");
  model.byte_fallback_ = object.boolean("byte_fallback");
  model.fuse_unknown_ = object.boolean("fuse_unk");
  if (!object.has("vocab")) object.complain("vocab", "is missing");
  model.read_vocabulary(value.at("vocab"), object.path_of("vocab"));
  if (object.has("unk_token")) {
    const auto unknown = model.vocabulary_.id(object.text("unk_token"));
    if (!unknown)
      object.complain("unk_token", fmt::format("'{}' is not in the vocabulary", object.text("unk_token")));
    model.unknown_ = *unknown;
  }
  if (model.byte_fallback_)
    for (unsigned byte = 0; byte < 256; ++byte)
      model.byte_ids_.push_back(model.vocabulary_.id(byte_token(byte)).value_or(-1));
  if (!object.has("merges")) object.complain("merges", "is missing");
  model.read_merges(value.at("merges"), object.path_of("merges"));
  for (unsigned byte = 0; byte < (reads_bytes ? 256U : 128U); ++byte)
    model.byte_symbols_[byte] =
        model.symbols_of(reads_bytes ? byte_character(static_cast<unsigned char>(byte))
                                     : std::string(1, static_cast<char>(byte)));
  model.cache_ = std::make_unique<WordCache>();
  return model;
}

void BpeModel::read_vocabulary(const nlohmann::json& vocab, const std::string& path) {
  require(vocab.is_object() && !vocab.empty(), "{}: must be an object of tokens and their ids, and not empty",
          path);
  with_context(path, [&] {
    for (const auto& [token, id] : vocab.items()) {
      require(id.is_number_integer() && id.get<std::int64_t>() >= 0 &&
                  id.get<std::int64_t>() <= TokenVocabulary::kLargestId,
              "the id of token '{}' must be an integer in [0, {}]", token, TokenVocabulary::kLargestId);
      vocabulary_.add(token, id.get<std::int32_t>());
    }
    vocabulary_.index();
  });
}

void BpeModel::read_merges(const nlohmann::json& merges, const std::string& path) {
  require(merges.is_array(), "{}: must be a list", path);
  merges_ = MergeTable(merges.size());
  std::vector<std::array<std::int32_t, 2>> pairs;
  const auto known = [&](const std::string& token, std::size_t rank) {
    const auto id = vocabulary_.id(token);
    require(id.has_value(), "{}[{}]: token '{}' is not in the vocabulary", path, rank, token);
    return *id;
  };
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto [left, right] = merge_pair(merges[rank], path, rank);
    pairs.push_back({known(left, rank), known(right, rank)});
    merges_.set(pairs.back()[0], pairs.back()[1],
                {static_cast<std::uint32_t>(rank), known(left + right, rank)});
  }
  find_joints(pairs);
}

/// The initial ids with which a token may begin (or end) that merges have made.
std::vector<std::int32_t> BpeModel::symbols_at(std::string_view token, bool first) const {
  std::vector<std::int32_t> ids;
  if (token.empty()) return ids;
  const std::size_t last = last_character(token);
  const auto one = vocabulary_.id(first ? token.substr(0, utf8_length(token[0])) : token.substr(last));
  if (one) ids.push_back(*one);
  const auto touches = [&](std::string_view part) {
    return first ? token.starts_with(part) : token.ends_with(part);
  };
  if (unknown_ >= 0 && touches(vocabulary_.token(unknown_))) ids.push_back(unknown_);
  if (!byte_ids_.empty() && (first ? token[0] == '<' : token.back() == '>'))
    for (unsigned byte = 0; byte < 256; ++byte)
      if (byte_ids_[byte] >= 0 && touches(byte_token(byte))) ids.push_back(byte_ids_[byte]);
  return ids;
}

void BpeModel::find_joints(const std::vector<std::array<std::int32_t, 2>>& pairs) {
  std::vector<std::array<std::int32_t, 2>> joints;
  for (const auto& [left, right] : pairs)
    for (const std::int32_t last : symbols_at(vocabulary_.token(left), false))
      for (const std::int32_t first : symbols_at(vocabulary_.token(right), true))
        joints.push_back({last, first});
  std::sort(joints.begin(), joints.end());
  joints.erase(std::unique(joints.begin(), joints.end()), joints.end());
  joints_ = MergeTable(joints.size());
  for (const auto& [last, first] : joints) joints_.set(last, first, {0, 0});
}

BpeModel::Symbols BpeModel::symbols_of(std::string_view character) const {
  if (const auto id = vocabulary_.id(character)) return {SymbolKind::token, {*id}};
  if (byte_ids_.empty()) return {};
  Symbols symbols{SymbolKind::bytes, {}};
  for (const char byte : character) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id < 0) return {};
    symbols.ids.push_back(id);
  }
  return symbols;
}

/// The ids of the characters, before any merge. As in `tokenizers`, the unknown token waits until a token
/// follows that is in the vocabulary (which fuses neighbours); bytes of the fallback overtake it.
void BpeModel::initial_ids(std::string_view word, std::vector<std::int32_t>& ids) const {
  bool waits = false;
  Symbols other;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t length = reads_bytes_ ? 1 : utf8_length(word[at]);
    if (length > 1) other = symbols_of(word.substr(at, length));
    const Symbols& symbols = length > 1 ? other : byte_symbols_[static_cast<unsigned char>(word[at])];
    at += length;
    if (symbols.kind == SymbolKind::unknown) {
      if (unknown_ < 0) continue;
      if (waits && !fuse_unknown_) ids.push_back(unknown_);
      waits = true;
      continue;
    }
    if (symbols.kind == SymbolKind::token && waits) {
      ids.push_back(unknown_);
      waits = false;
    }
    ids.insert(ids.end(), symbols.ids.begin(), symbols.ids.end());
  }
  if (waits) ids.push_back(unknown_);
}

void BpeModel::append_merged(std::string_view word, std::vector<std::int32_t>& ids) const {
  thread_local std::vector<std::int32_t> symbols, part;
  symbols.clear();
  initial_ids(word, symbols);
  for (std::size_t begin = 0, i = 0; i < symbols.size(); ++i) {
    const bool ends =
        i + 1 == symbols.size() || joints_.find(symbols[i], symbols[i + 1]).rank == MergeTable::kNoRank;
    if (!ends) continue;
    part.assign(symbols.begin() + static_cast<std::ptrdiff_t>(begin),
                symbols.begin() + static_cast<std::ptrdiff_t>(i + 1));
    merge_word(merges_, part);
    ids.insert(ids.end(), part.begin(), part.end());
    begin = i + 1;
  }
}

void BpeModel::append(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (cache_->append(word, ids)) return;
  const std::size_t before = ids.size();
  const auto whole = ignore_merges_
                         ? vocabulary_.id(reads_bytes_ ? to_byte_alphabet(word) : std::string(word))
                         : std::nullopt;
  if (whole)
    ids.push_back(*whole);
  else
    append_merged(word, ids);
  cache_->keep(word, std::span(ids).subspan(before));
}

}  // namespace pagewright
