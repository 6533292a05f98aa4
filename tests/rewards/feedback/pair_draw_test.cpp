#include "rewards/feedback/pair_draw.hpp"

#include <cmath>
#include <map>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr int kDraws = 20000;

std::vector<PagePair> pairs_of(const std::map<PairFamily, int>& counts) {
  std::vector<PagePair> pairs;
  for (const auto& [family, count] : counts)
    for (int n = 0; n < count; ++n) {
      pairs.emplace_back().family = family;
      pairs.back().request = n;
    }
  return pairs;
}

/// Share of the draws that fall on each pair.
std::map<std::pair<PairFamily, std::int64_t>, double> shares(const std::vector<PagePair>& pairs,
                                                             const FamilyWeights& weights) {
  const PairDraw draw(pairs, weights);
  std::map<std::pair<PairFamily, std::int64_t>, double> found;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    CounterRandom random(7, RandomStream::pairs, 3, i, 1);
    const PagePair* pair = draw.draw(random);
    found[{pair->family, pair->request}] += 1.0 / kDraws;
  }
  return found;
}

TEST_CASE("families are drawn by their weights, and pairs of a family alike") {
  const std::vector<PagePair> pairs =
      pairs_of({{PairFamily::relevance, 1}, {PairFamily::ranking, 3}, {PairFamily::natural, 2}});
  const auto found = shares(pairs, {1, 3, 5, 5, 4});  // 1/8, 3/8, 4/8 of those that have pairs
  CHECK(found.size() == 6);
  for (const auto& [pair, share] : found) {
    const double expected = 0.125 * (pair.first == PairFamily::natural ? 2 : 1);
    CHECK(std::abs(share - expected) < 4 * std::sqrt(expected * (1 - expected) / kDraws));
  }
}

TEST_CASE(
    "a family of weight 0 is left out, and with one weight for all the draws are those without weights") {
  const std::vector<PagePair> pairs =
      pairs_of({{PairFamily::relevance, 4}, {PairFamily::diversity, 5}, {PairFamily::redundancy, 2}});
  for (const auto& [pair, share] : shares(pairs, {1, 1, 0, 2, 1})) CHECK(pair.first != PairFamily::diversity);
  CHECK(shares(pairs, {0.3, 0.3, 0.3, 0.3, 0.3}) == shares(pairs, kEqualFamilies));
  CHECK(shares(pairs, {3, 0, 3, 3, 9}) == shares(pairs, kEqualFamilies));

  // The draw without weights: a family, then a pair.
  const PairDraw draw(pairs, kEqualFamilies);
  for (std::uint64_t i = 0; i < 50; ++i) {
    CounterRandom random(7, RandomStream::pairs, 3, i, 1), plain = random;
    const std::size_t family = plain.below(3);
    const std::size_t first[] = {0, 4, 9}, count[] = {4, 5, 2};
    CHECK(draw.draw(random) == &pairs[first[family] + plain.below(count[family])]);
  }
}

TEST_CASE("nothing is drawn where no family has pairs and a weight") {
  const std::vector<PagePair> pairs = pairs_of({{PairFamily::natural, 4}});
  CounterRandom random(7, RandomStream::pairs, 3, 1, 1);
  CHECK(PairDraw({}, kEqualFamilies).draw(random) == nullptr);
  CHECK(PairDraw(pairs, {1, 1, 1, 1, 0}).draw(random) == nullptr);
}

}  // namespace
}  // namespace pagewright
