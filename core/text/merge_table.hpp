#pragma once
#include <cstdint>
#include <limits>
#include <vector>

namespace pagewright {

/// The merges of a byte pair encoding: for two neighbouring ids the rank of their merge (lower goes first)
/// and the id that it makes.
class MergeTable {
 public:
  static constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();
  struct Merge {
    std::uint32_t rank = kNoRank;
    std::int32_t id = -1;
  };

  /// Room for `count` pairs.
  explicit MergeTable(std::size_t count = 0);
  /// A pair that is there already gets the new merge.
  void set(std::int32_t left, std::int32_t right, Merge merge);
  /// rank kNoRank where the two do not merge.
  Merge find(std::int32_t left, std::int32_t right) const {
    for (std::size_t slot = slot_of(left, right);; slot = (slot + 1) & mask_) {
      const Entry& entry = entries_[slot];
      if (entry.left < 0) return {};
      if (entry.left == left && entry.right == right) return entry.merge;
    }
  }

 private:
  struct Entry {
    std::int32_t left = -1, right = -1;
    Merge merge;
  };
  std::size_t slot_of(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
    return static_cast<std::size_t>(key * 0x9E3779B97F4A7C15U >> 20) & mask_;
  }

  std::vector<Entry> entries_;  // open addressing, at most half full
  std::size_t mask_ = 0;
};

/// Merges the ids of a word in place: always the pair of the lowest rank, of these the leftmost, until none
/// is left. `merge_word` picks one of the other two by length: one looks through all pairs for each merge,
/// the other keeps a heap, n log n for n ids.
void merge_word(const MergeTable& merges, std::vector<std::int32_t>& ids);
void merge_short_word(const MergeTable& merges, std::vector<std::int32_t>& ids);
void merge_long_word(const MergeTable& merges, std::vector<std::int32_t>& ids);

}  // namespace pagewright
