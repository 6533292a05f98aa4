#include "core/text/word_cache.hpp"

#include <algorithm>

namespace pagewright {

/// FNV-like over eight bytes at a time; only words that fit are asked for.
std::uint64_t WordCache::hash(std::string_view word) {
  std::uint64_t value = word.size();
  while (!word.empty()) {
    std::uint64_t part = 0;
    const std::size_t size = std::min<std::size_t>(word.size(), 8);
    std::memcpy(&part, word.data(), size);
    value = (value ^ part) * 0x9E3779B97F4A7C15U;
    value ^= value >> 32;
    word.remove_prefix(size);
  }
  return value;
}

bool WordCache::append(std::string_view word, std::vector<std::int32_t>& ids) {
  if (word.size() > kBytes || word.empty()) return false;
  const std::uint64_t key = hash(word);
  const std::unique_lock lock(locks_[key % kShards].mutex, std::try_to_lock);
  if (!lock) return false;
  const Entry& entry = entries_[key % (kShards * kEntries)];
  if (entry.size != word.size() || std::memcmp(entry.word.data(), word.data(), word.size()) != 0)
    return false;
  ids.insert(ids.end(), entry.ids.begin(), entry.ids.begin() + entry.count);
  return true;
}

void WordCache::keep(std::string_view word, std::span<const std::int32_t> ids) {
  if (word.size() > kBytes || word.empty() || ids.size() > kIds) return;
  const std::uint64_t key = hash(word);
  const std::unique_lock lock(locks_[key % kShards].mutex, std::try_to_lock);
  if (!lock) return;
  Entry& entry = entries_[key % (kShards * kEntries)];
  entry.size = static_cast<std::uint8_t>(word.size());
  entry.count = static_cast<std::uint8_t>(ids.size());
  std::copy(word.begin(), word.end(), entry.word.begin());
  std::copy(ids.begin(), ids.end(), entry.ids.begin());
}

}  // namespace pagewright
