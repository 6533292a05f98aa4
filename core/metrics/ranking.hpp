#pragma once
// Ranking metrics of one list. `relevance` is always in rank order, [n], grades >= 0; a grade above 0 counts
// as relevant where a metric knows only relevant and not. Cut-offs k >= 1; a list shorter than k is taken as
// it is. Every function throws Error for a negative or non-finite grade or a cut-off below 1, and returns 0
// where nothing is relevant.

#include <span>
#include <vector>

namespace pagewright {

/// What a grade g is worth in DCG.
enum class GainKind {
  linear,      ///< g
  exponential  ///< 2^g - 1 (Burges et al. 2005)
};

/// Sum over the first k ranks i = 1.. of gain / log2(i + 1) (Järvelin and Kekäläinen 2002).
double dcg(std::span<const double> relevance, int k, GainKind kind = GainKind::linear);

/// DCG divided by the DCG of the best order of `judged`: the grades of all items that could have been listed,
/// whether they were or not. 0 when no judged item is relevant.
double ndcg(std::span<const double> relevance, std::span<const double> judged, int k,
            GainKind kind = GainKind::linear);

/// Relevant items among the first k, divided by k (also for lists shorter than k).
double precision(std::span<const double> relevance, int k);

/// Relevant items among the first k, divided by `relevant`: the number of relevant items that could have been
/// listed.
double recall(std::span<const double> relevance, int k, int relevant);

/// 1 if one of the first k is relevant, else 0.
double hit(std::span<const double> relevance, int k);

/// 1 / rank of the first relevant item.
double reciprocal_rank(std::span<const double> relevance);

/// Mean over `relevant` items of the precision at their ranks; items that were not listed add 0.
double average_precision(std::span<const double> relevance, int relevant);

/// Expected reciprocal rank of the item at which a cascading user stops (Chapelle et al. 2009), over the
/// first k: sum of 1/r R_r prod_{i<r} (1 - R_i) with R = (2^g - 1) / 2^max_grade. A grade above `max_grade`
/// is an Error.
double expected_reciprocal_rank(std::span<const double> relevance, int k, double max_grade);

/// Rank-biased precision (Moffat and Zobel 2008) of the whole list: (1 - p) sum of p^(i-1) over the relevant
/// ranks i.
double rank_biased_precision(std::span<const double> relevance, double persistence);

/// Which subtopics an item covers: [items][subtopics], 0 or 1. An item's subtopic may be its category, brand
/// or intent.
using SubtopicTable = std::vector<std::vector<int>>;

/// DCG in which a subtopic seen s times before is worth (1 - alpha)^s (Clarke et al. 2008).
double alpha_dcg(const SubtopicTable& subtopics, int k, double alpha);

/// alpha-DCG divided by that of the greedily built best order of the same items; equal candidates stay in the
/// given order.
double alpha_ndcg(const SubtopicTable& subtopics, int k, double alpha);

}  // namespace pagewright
