#include "core/text/token_vocabulary.hpp"

#include <bit>
#include <functional>

#include "core/base/error.hpp"

namespace pagewright {

void TokenVocabulary::add(std::string token, std::int32_t id) {
  require(id >= 0 && id <= kLargestId, "token '{}' has the id {}, which is not in [0, {}]", token, id,
          kLargestId);
  const auto place = static_cast<std::size_t>(id);
  if (place >= tokens_.size()) {
    tokens_.resize(place + 1);
    used_.resize(place + 1, false);
  }
  require(!used_[place], "tokens '{}' and '{}' have the same id {}", tokens_[place], token, id);
  tokens_[place] = std::move(token);
  used_[place] = true;
  ++count_;
}

void TokenVocabulary::index() {
  const std::size_t size = std::bit_ceil(count_ * 2 + 1);
  slots_.assign(size, -1);
  for (std::int32_t id = 0; id < end(); ++id) {
    if (!has(id)) continue;
    std::size_t slot = std::hash<std::string_view>{}(token(id)) & (size - 1);
    for (; slots_[slot] >= 0; slot = (slot + 1) & (size - 1))
      require(token(slots_[slot]) != token(id), "token '{}' has two ids, {} and {}", token(id), slots_[slot],
              id);
    slots_[slot] = id;
  }
}

std::optional<std::int32_t> TokenVocabulary::id(std::string_view wanted) const {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = std::hash<std::string_view>{}(wanted)&mask; slots_[slot] >= 0;
       slot = (slot + 1) & mask)
    if (token(slots_[slot]) == wanted) return slots_[slot];
  return std::nullopt;
}

}  // namespace pagewright
