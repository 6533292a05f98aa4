#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// A piece of text on its way to the model.
struct TextPiece {
  std::string_view text;
  bool at_start = false;  ///< begins where the whole input begins
};

/// Pieces, and the texts that pre-tokenizers made, into which pieces may point.
struct TextPieces {
  std::vector<TextPiece> pieces;
  std::deque<std::string> texts;
};

/// The `pre_tokenizer` of a tokenizer.json. Immutable, cheap to copy; threads may use it at once.
class PreTokenizer {
 public:
  PreTokenizer() = default;  ///< changes nothing
  /// Throws Error for a component that is not supported; `path` is the place of the value in the file.
  static PreTokenizer from(const nlohmann::json& value, const std::string& path);

  /// Whether the pieces are to be read as bytes, each standing for its character of the byte alphabet: a
  /// ByteLevel at the end is left to the model, which saves writing all text in that alphabet.
  bool ends_in_bytes() const { return ends_in_bytes_; }
  /// Cuts the pieces further; empty ones are dropped.
  void apply(TextPieces& pieces) const;

  struct Step {
    virtual ~Step() = default;
    virtual void apply(TextPieces& pieces) const = 0;
  };

 private:
  void add(const nlohmann::json& value, const std::string& path, int depth);

  std::vector<std::shared_ptr<const Step>> steps_;
  bool ends_in_bytes_ = false;
};

}  // namespace pagewright
