#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace pagewright {

/// Remembers the ids of short words. Threads may use it at once: a word whose shard is in use by another
/// thread counts as unknown, so that nobody ever waits. 1 MiB, whatever comes.
class WordCache {
 public:
  WordCache() : entries_(kShards * kEntries) {}

  /// Appends the ids of a word that is known; otherwise false.
  bool append(std::string_view word, std::vector<std::int32_t>& ids);
  /// Puts a word in the place of another. Long words, and words of many ids, are left out.
  void keep(std::string_view word, std::span<const std::int32_t> ids);

 private:
  static constexpr std::size_t kShards = 64, kEntries = 256;
  static constexpr std::size_t kBytes = 30, kIds = 8;
  /// One cache line.
  struct alignas(64) Entry {
    std::uint8_t size = 0, count = 0;  // size 0: empty
    std::array<char, kBytes> word{};
    std::array<std::int32_t, kIds> ids{};
  };
  struct alignas(64) Lock {
    std::mutex mutex;
  };

  static std::uint64_t hash(std::string_view word);

  std::array<Lock, kShards> locks_;
  std::vector<Entry> entries_;
};

}  // namespace pagewright
