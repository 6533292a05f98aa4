#pragma once
#include <cstdint>
#include <string_view>

namespace pagewright {

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection whose output bits all depend on all
/// input bits.
constexpr uint64_t mix64(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

/// A hash that is the same on every machine and in every version: 64-bit FNV-1a, then mix64. For hash
/// buckets, user splits and ties; `salt` gives independent hashes. Not for untrusted input: see sha256.hpp.
constexpr uint64_t stable_hash(std::string_view text, uint64_t salt = 0) {
  uint64_t hash = 0xCBF29CE484222325ull ^ mix64(salt);
  for (char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001B3ull;
  return mix64(hash);
}

}  // namespace pagewright
