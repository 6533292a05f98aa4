#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// Tokens and their ids, both ways. Ids may have holes.
class TokenVocabulary {
 public:
  static constexpr std::int32_t kLargestId = 1
                                             << 24;  ///< a larger one is refused: no model has that many rows

  /// Throws Error for a token or an id that is there already, or an id that is negative or too large.
  void add(std::string token, std::int32_t id);
  /// After the last add(): prepares id().
  void index();

  std::optional<std::int32_t> id(std::string_view token) const;
  bool has(std::int32_t id) const { return id >= 0 && id < end() && used_[static_cast<std::size_t>(id)]; }
  const std::string& token(std::int32_t id) const {
    return tokens_[static_cast<std::size_t>(id)];
  }  ///< has(id)
  std::int32_t end() const {
    return static_cast<std::int32_t>(tokens_.size());
  }  ///< one more than the largest id
  std::size_t count() const { return count_; }

 private:
  std::vector<std::string> tokens_;  // by id
  std::vector<bool> used_;
  std::vector<std::int32_t> slots_;  // open addressing: id or -1, a power of two of them
  std::size_t count_ = 0;
};

}  // namespace pagewright
