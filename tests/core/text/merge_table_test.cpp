#include "core/text/merge_table.hpp"

#include <map>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

namespace {

using Pair = std::pair<std::int32_t, std::int32_t>;

/// The definition, word for word: the pair of the lowest rank anywhere, of these the leftmost, again and
/// again.
std::vector<std::int32_t> merged_by_definition(const std::map<Pair, MergeTable::Merge>& merges,
                                               std::vector<std::int32_t> ids) {
  while (true) {
    std::size_t best = ids.size();
    std::uint32_t rank = MergeTable::kNoRank;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = merges.find({ids[i], ids[i + 1]});
      if (found != merges.end() && found->second.rank < rank) best = i, rank = found->second.rank;
    }
    if (best == ids.size()) return ids;
    ids[best] = merges.at({ids[best], ids[best + 1]}).id;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

}  // namespace

TEST_CASE("Short and long words merge as the definition says") {
  CounterRandom random(1, RandomStream::world, 0, 0);
  for (int round = 0; round < 300; ++round) {
    std::map<Pair, MergeTable::Merge> merges;
    MergeTable table(60);
    // Every merge makes a new id, as every merge of a vocabulary makes a longer token.
    for (std::int32_t made = 4; made < 44; ++made) {
      const Pair pair(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(made))),
                      static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(made))));
      if (merges.count(pair) > 0) continue;
      const MergeTable::Merge merge{static_cast<std::uint32_t>(made), made};
      merges[pair] = merge;
      table.set(pair.first, pair.second, merge);
    }
    std::vector<std::int32_t> word(random.below(120));
    for (std::int32_t& id : word) id = static_cast<std::int32_t>(random.below(4));
    const auto expected = merged_by_definition(merges, word);
    for (const auto merge : {merge_word, merge_short_word, merge_long_word}) {
      auto ids = word;
      merge(table, ids);
      REQUIRE(ids == expected);
    }
  }
}

}  // namespace pagewright
