#pragma once
// Composes one page token by token, by any rule that picks from what the grammar allows.

#include <cstdint>
#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// A page in the making. Whatever is picked, the page ends valid, because the grammar allows no step that
/// leads nowhere.
///
///     PageWalk walk(language, request, options);
///     while (!walk.finished())
///       if (walk.items().empty()) walk.take_structure(); else walk.place(best_of(walk.items()));
///     return std::move(walk).trajectory(0);
class PageWalk {
 public:
  PageWalk(const PageLanguage& language, const KeyedRequest& request, const SampleOptions& options);

  bool finished() const { return state_.finished(); }
  /// Layout indices allowed next, sorted.
  std::span<const std::int32_t> allowed() const { return allowed_; }
  /// Candidates that may be placed next, as indices into Request::candidates, in the candidate order's order.
  std::span<const std::int32_t> items() const { return items_; }

  /// Takes one of allowed(), chosen with the given log-probability.
  void take(std::int32_t layout_index, float log_prob = 0);
  /// Places one of items().
  void place(std::int32_t candidate);
  /// Takes the structure token that keeps filling the page: the first allowed section type in schema order,
  /// else the section's end, else the page's end. Error when only items are allowed.
  void take_structure();

  /// Starts over, for another sample of the same request.
  void restart();
  /// What was composed; the page must be finished.
  Trajectory trajectory(int sample) const;
  /// The page so far with one of items() placed next and closed there, whether or not the schema allows such
  /// a short page: for scorers that judge a choice. Log-probs are 0.
  Trajectory closed_with(std::int32_t candidate, int sample) const;

 private:
  void refresh();

  const PageLanguage* language_;
  const Request* request_;
  std::int64_t key_;
  CandidateOrder order_;                ///< [M]
  std::vector<std::int32_t> place_of_;  ///< [M] place of a candidate in order_
  PageGrammar grammar_;
  PageGrammar::State state_;
  std::vector<std::int32_t> allowed_;
  std::vector<std::int32_t> items_;
  std::vector<TokenId> tokens_;
  std::vector<float> log_probs_;
};

}  // namespace pagewright
