#pragma once
// Model input positions. A position's input embedding is the sum of the embeddings of its ids: one id for an
// ordinary token, several for a fused candidate or for a placed item that carries its features.

#include <cstdint>
#include <span>
#include <vector>

#include "core/page/vocabulary.hpp"

namespace pagewright {

struct TokenBags {
  std::vector<TokenId> ids;
  std::vector<std::int32_t> offsets{0};  ///< [positions + 1], offsets of each position's ids

  int size() const { return static_cast<int>(offsets.size()) - 1; }
  std::span<const TokenId> at(int position) const {
    return std::span(ids).subspan(static_cast<std::size_t>(offsets[static_cast<std::size_t>(position)]),
                                  static_cast<std::size_t>(offsets[static_cast<std::size_t>(position) + 1] -
                                                           offsets[static_cast<std::size_t>(position)]));
  }
  void push(std::span<const TokenId> bag) {
    ids.insert(ids.end(), bag.begin(), bag.end());
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  void push(TokenId id) { push(std::span<const TokenId>(&id, 1)); }
  bool operator==(const TokenBags&) const = default;
};

}  // namespace pagewright
