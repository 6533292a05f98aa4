#pragma once
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/text/normalizer.hpp"
#include "core/text/token_vocabulary.hpp"

namespace pagewright {

/// A token that is looked for in the text before anything else happens to it.
struct AddedToken {
  std::string content;
  std::string decoded;  ///< what a decoder gets: normalised, if it is looked for in normalised text
  std::int32_t id = -1;
  bool single_word = false;    ///< only where no letter or digit stands beside it
  bool lstrip = false;         ///< takes the white space before it too
  bool rstrip = false;         ///< and after it
  bool is_normalized = false;  ///< looked for in the normalised text
  bool is_special = false;
};

/// A part of a text: an added token (`id` >= 0) or ordinary text.
struct TextPart {
  std::size_t begin = 0, end = 0;
  std::int32_t id = -1;
};

/// Finds the longest of some texts, leftmost first.
class LongestMatcher {
 public:
  void add(std::string_view content, std::size_t token);
  struct Match {
    std::size_t begin = 0, end = 0, token = 0;
  };
  /// The first match at or after a byte; end == 0 for none.
  Match find(std::string_view text, std::size_t from) const;
  bool empty() const { return nodes_.size() == 1; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Node {
    std::vector<std::pair<char, std::size_t>> children;
    std::size_t token = kNone;
  };
  std::vector<Node> nodes_{1};
  std::bitset<256> first_bytes_;
};

/// The `added_tokens` of a tokenizer.json. Threads may use it at once.
class AddedTokens {
 public:
  /// Throws Error for a token whose id is not the one that Python's `tokenizers` would give it: the id that
  /// the model's vocabulary has for it, or else the next free one.
  static AddedTokens from(const nlohmann::json& list, const std::string& path, const TokenVocabulary& model,
                          const Normalizer& normalizer);

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  const AddedToken* find(std::int32_t id) const;
  const AddedToken* find(const std::string& content) const;

  enum class Stage { raw, normalized };
  /// The parts of a text, in order; without `specials` special tokens count as ordinary text.
  void split(std::string_view text, Stage stage, bool specials, std::vector<TextPart>& parts) const;
  /// The id that `tokenizers` gives to a token added next that the vocabulary lacks.
  std::int32_t next_id() const { return next_id_; }
  bool has(Stage stage) const { return !matcher(stage).empty(); }

 private:
  const LongestMatcher& matcher(Stage stage) const { return stage == Stage::raw ? raw_ : normalized_; }

  std::vector<AddedToken> tokens_;
  std::vector<std::int32_t> by_id_;  // index in tokens_, or -1
  std::unordered_map<std::string, std::size_t> by_content_;
  std::int32_t next_id_ = 0;
  LongestMatcher raw_, normalized_;
};

}  // namespace pagewright
