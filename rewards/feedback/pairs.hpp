#pragma once
// Contrastive pairs of pages: what the page reward model and the item reward model learn an order from.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "rewards/feedback/debias/item_gains.hpp"

namespace pagewright {

class Section;

/// Note [Pair families]
/// The better page is the logged page, or its items with the engaged ones first; the worse page is made from
/// it:
///   relevance   engaged items are replaced by candidates that are not on the page; all other items and the
///   order stay.
///               Candidates that another page of the same request, or of the same user, showed at or above
///               its last engaged slot without engagement are `skipped`; a share of those pairs
///               (`hard_share`) takes a skipped candidate that is like the replaced item ("hard"): of its
///               category, which keeps the category mix, or near it (ItemSpace). Candidates that no page of
///               the user showed are `unseen`: they would teach what was not shown rather than what is not
///               wanted, so such pairs have a low weight and are counted apart.
///   ranking     an engaged item changes places with a later item of lower gain, or the whole engaged-first
///   page is
///               reversed or shuffled; the set of items stays.
///   diversity   items without engagement are replaced by candidates of one category, of the nearest
///   relevance, until
///               that category holds more than `diversity_share` of the slots, which none does on the logged
///               page; engaged items stay.
///   redundancy  items without engagement are replaced by near-duplicates of items above or of items bought
///   in the
///               history; all other items stay.
///   natural     both pages were logged for one request, and their utilities differ by more than the margin;
///               or, with a request baseline, for two requests that are about as easy, and what they did
///               beyond the baseline of their request differs by more than the margin
///               (rewards/feedback/request_baseline.hpp).
/// The first four are judged by construction; diversity and redundancy are priors put in by hand. Every page
/// of a pair is valid under the schema, and its two pages differ. A constructed pair that is equal to one
/// before it is dropped; equal natural pairs are observations of their own and stay. (The four families are
/// named by the PageLLM paper, arXiv 2506.09084; the construction is ours.)
enum class PairFamily { relevance, ranking, diversity, redundancy, natural };
inline constexpr int kPairFamilies = 5;
std::string_view pair_family_name(PairFamily family);
/// Error that lists the names for any other.
PairFamily pair_family_from_name(std::string_view name);

struct PagePair {
  std::int64_t request = 0;                   ///< index into FeedbackLog::requests
  std::optional<std::int64_t> worse_request;  ///< of the worse page, if it was shown for another request
  Page better;
  Page worse;
  PairFamily family = PairFamily::relevance;
  /// Confidence, in (0, 1]. Of ranking pairs times ItemGains::pair_weight(), which is scaled so that all
  /// together weigh as much as their confidences.
  double weight = 1;
  bool unseen = false;  ///< relevance: with a candidate that the user was never shown
  bool hard = false;    ///< relevance: replaced by a candidate that is like the replaced item

  std::int64_t request_of_worse() const { return worse_request.value_or(request); }
  bool operator==(const PagePair&) const = default;
};

/// When a candidate is like the item that it replaces.
enum class HardBy { category, embedding };

/// When natural pairs compare pages of different requests: never, if the split has none of one request, or
/// always.
enum class RequestBaseline { never, without_repeats, always };

/// lambda_f by PairFamily: how often the page model draws a family relative to the others; 0 leaves it out.
using FamilyWeights = std::array<double, kPairFamilies>;
inline constexpr FamilyWeights kEqualFamilies{1, 1, 1, 1, 1};

struct PairConfig {
  double margin = 1.0;
  int replaced = 2;
  double unseen_weight = 0.1;
  double reversal_share = 0.2;
  double diversity_share = 0.7;
  double price_ratio = 1.2;
  double hard_share = 0.5;
  HardBy hard_by = HardBy::category;
  std::string vector_prefix;  ///< of the features that are an item's vector; empty: fields (ItemSpace)
  RequestBaseline request_baseline = RequestBaseline::never;
  FamilyWeights family_weights = kEqualFamilies;
  std::optional<std::filesystem::path> file;  ///< read pairs from here instead of making them
  /// Reads and documents every key; problems are collected in the section's errors.
  static PairConfig from(Section section);
};

/// What else became of a family.
struct FamilyNotes {
  std::int64_t duplicates = 0;  ///< pairs that were equal to one before them, dropped
  double weight = 0;            ///< sum over the pairs
  /// Pages that gave no pair of the family, by the reason. Of a request baseline the reasons are not kept.
  std::map<std::string, std::int64_t> pages_without;
};

/// Pairs with their counts. `empty_because` says why a family has none; empty for a family that has some.
struct PairSet {
  std::vector<PagePair> pairs;
  std::array<std::int64_t, kPairFamilies> count{};
  std::int64_t unseen = 0;  ///< of the relevance pairs
  std::int64_t hard = 0;    ///< of the relevance pairs
  std::int64_t across = 0;  ///< of the natural pairs: of two requests
  std::array<std::string, kPairFamilies> empty_because;
  std::array<FamilyNotes, kPairFamilies> notes;

  /// Counts a pair and keeps it.
  void keep(PagePair pair);
};

/// At most one pair of each constructed family for each page of the split, and the natural pairs. Pages and
/// statistics of other splits are not looked at. A pure function of its arguments.
PairSet make_pairs(const FeedbackLog& log, const PageSchema& schema, const ItemGains& gains,
                   const PairConfig& config, Split split, std::uint64_t seed);

/// A swap of two slots for the item model: weight = |d_i - d_j| * |g_i - g_j| * confidence * pair weight with
/// the debiased gains g, d_k = 1 / log2(k + 2) for k from 0 and ItemGains::pair_weight(). `first_better` says
/// whether g_i > g_j, that is, whether the page is right as it is.
struct SwapPair {
  std::int64_t page = 0;  ///< index into FeedbackLog::pages
  int i = 0;              ///< page-order slot
  int j = 0;              ///< page-order slot, i < j
  bool first_better = true;
  double weight = 0;
  double ideal = 0;  ///< the page's ideal DCG: sum_k d_k g_(k), positive gains in falling order
};

/// All swaps of slots with different gains on the pages of the split that have some engagement; the swapped
/// page need not be valid.
std::vector<SwapPair> make_swap_pairs(const FeedbackLog& log, const ItemGains& gains, Split split);

/// The page with the items of two page-order slots exchanged.
Page swap_slots(const Page& page, int i, int j);

}  // namespace pagewright
