#include "core/text/merge_table.hpp"

#include <algorithm>
#include <bit>
#include <queue>

namespace pagewright {

namespace {

constexpr std::size_t kShortWord = 32;

/// The ids of a word as a list whose members know their neighbours' places.
struct WordList {
  std::vector<std::int32_t>& ids;
  std::vector<std::int32_t> before, after;  // -1: none

  explicit WordList(std::vector<std::int32_t>& word) : ids(word), before(word.size()), after(word.size()) {
    const auto size = static_cast<std::int32_t>(word.size());
    for (std::int32_t i = 0; i < size; ++i) {
      before[static_cast<std::size_t>(i)] = i - 1;
      after[static_cast<std::size_t>(i)] = i + 1 < size ? i + 1 : -1;
    }
  }
  /// Replaces the id at `place` and removes the one after it, whose id becomes -1.
  void merge(std::size_t place, std::int32_t id) {
    const auto right = static_cast<std::size_t>(after[place]);
    ids[place] = id;
    ids[right] = -1;
    after[place] = after[right];
    if (after[place] >= 0) before[static_cast<std::size_t>(after[place])] = static_cast<std::int32_t>(place);
  }
};

}  // namespace

MergeTable::MergeTable(std::size_t count)
    : entries_(std::bit_ceil(count * 2 + 2)), mask_(entries_.size() - 1) {}

void MergeTable::set(std::int32_t left, std::int32_t right, Merge merge) {
  std::size_t slot = slot_of(left, right);
  while (entries_[slot].left >= 0 && !(entries_[slot].left == left && entries_[slot].right == right))
    slot = (slot + 1) & mask_;
  entries_[slot] = {left, right, merge};
}

void merge_word(const MergeTable& merges, std::vector<std::int32_t>& ids) {
  if (ids.size() <= kShortWord)
    merge_short_word(merges, ids);
  else
    merge_long_word(merges, ids);
}

void merge_short_word(const MergeTable& merges, std::vector<std::int32_t>& ids) {
  if (ids.size() < 2) return;
  thread_local std::vector<MergeTable::Merge> pairs;  // pairs[i]: of ids[i] and ids[i + 1]
  pairs.resize(ids.size() - 1);
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = merges.find(ids[i], ids[i + 1]);
  while (!pairs.empty()) {
    const auto best = std::min_element(pairs.begin(), pairs.end(),
                                       [](const auto& a, const auto& b) { return a.rank < b.rank; });
    if (best->rank == MergeTable::kNoRank) return;
    const std::ptrdiff_t at = best - pairs.begin();
    const auto place = static_cast<std::size_t>(at);
    ids[place] = best->id;
    ids.erase(ids.begin() + at + 1);
    pairs.erase(best);
    if (place < pairs.size()) pairs[place] = merges.find(ids[place], ids[place + 1]);
    if (place > 0) pairs[place - 1] = merges.find(ids[place - 1], ids[place]);
  }
}

void merge_long_word(const MergeTable& merges, std::vector<std::int32_t>& ids) {
  struct Candidate {
    std::uint32_t rank;
    std::int32_t place;
    std::int32_t id;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  WordList word(ids);
  const auto offer = [&](std::int32_t left) {
    if (left < 0 || word.after[static_cast<std::size_t>(left)] < 0) return;
    const auto place = static_cast<std::size_t>(left);
    const MergeTable::Merge merge = merges.find(ids[place], ids[static_cast<std::size_t>(word.after[place])]);
    if (merge.rank != MergeTable::kNoRank) candidates.push({merge.rank, left, merge.id});
  };
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) offer(static_cast<std::int32_t>(i));
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    const auto place = static_cast<std::size_t>(best.place);
    // Stale when one of the two has been merged since.
    if (ids[place] < 0 || word.after[place] < 0) continue;
    const MergeTable::Merge now = merges.find(ids[place], ids[static_cast<std::size_t>(word.after[place])]);
    if (now.rank != best.rank) continue;
    word.merge(place, best.id);
    offer(word.before[place]);
    offer(best.place);
  }
  std::erase(ids, -1);
}

}  // namespace pagewright
