#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/text/merge_table.hpp"
#include "core/text/token_vocabulary.hpp"
#include "core/text/word_cache.hpp"

namespace pagewright {

/// The `model` of a tokenizer.json: byte pair encoding (R. Sennrich et al. 2016, "Neural machine translation
/// of rare words with subword units"). Threads may use it at once.
class BpeModel {
 public:
  /// With `reads_bytes` words are bytes that stand for characters of the byte alphabet. Throws Error for an
  /// option that is not supported (other models, dropout, prefixes and suffixes of subwords), for merges of
  /// tokens that the vocabulary lacks, and so on; `path` is the place of the value in the file.
  static BpeModel from(const nlohmann::json& value, const std::string& path, bool reads_bytes);

  const TokenVocabulary& vocabulary() const { return vocabulary_; }
  /// Appends the ids of a word, which is not empty.
  void append(std::string_view word, std::vector<std::int32_t>& ids) const;

 private:
  /// What one character becomes before any merge: its token, the tokens of its bytes, or the unknown token.
  enum class SymbolKind { token, bytes, unknown };
  struct Symbols {
    SymbolKind kind = SymbolKind::unknown;
    std::vector<std::int32_t> ids;
  };

  void read_vocabulary(const nlohmann::json& vocab, const std::string& path);
  void read_merges(const nlohmann::json& merges, const std::string& path);
  void find_joints(const std::vector<std::array<std::int32_t, 2>>& pairs);
  std::vector<std::int32_t> symbols_at(std::string_view token, bool first) const;
  Symbols symbols_of(std::string_view character) const;
  void initial_ids(std::string_view word, std::vector<std::int32_t>& ids) const;
  void append_merged(std::string_view word, std::vector<std::int32_t>& ids) const;

  TokenVocabulary vocabulary_;
  MergeTable merges_;
  /// Pairs of initial ids that some merge joins; a word falls apart everywhere else.
  MergeTable joints_;
  bool reads_bytes_ = false, ignore_merges_ = false, byte_fallback_ = false, fuse_unknown_ = false;
  std::int32_t unknown_ = -1;              // -1: unknown characters are dropped
  std::vector<std::int32_t> byte_ids_;     // ids of <0x00> to <0xFF>, or none
  std::array<Symbols, 256> byte_symbols_;  // of bytes, if the model reads them, otherwise of ASCII
  std::unique_ptr<WordCache> cache_;
};

}  // namespace pagewright
