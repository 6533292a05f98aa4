#pragma once
// Which pages are ordered when, and that each is taken once.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/page/page_language.hpp"
#include "distributed/pipeline/lane_ledger.hpp"
#include "distributed/pipeline/page_source.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/pipeline/request_draw.hpp"

namespace pagewright {

/// Pages of an iteration in the lanes of this rank.
struct OrderedPages {
  std::int64_t iteration = 0;       ///< that learns them
  std::int64_t ordered_in = 0;      ///< iteration at whose start they were ordered
  std::int64_t policy_version = 0;  ///< of the weights that generate them
  ScoredPages pages;                ///< once they were taken
};

/// One lane's part of OrderedPages, in bytes: what a checkpoint keeps of pages that are not learnt yet.
struct WaitingLane {
  std::int64_t iteration = 0, ordered_in = 0, policy_version = 0;
  int lane = 0;
  std::string trajectories, scores;  ///< packed (distributed/transport/page_messages.hpp)
  bool operator==(const WaitingLane&) const = default;
};

/// Note [Staleness]
/// With max_staleness k, the pages of iteration i come from the weights at the start of iteration i - k (the
/// first k from those at the start of the run), so that they can be generated while iterations i - k to i - 1
/// learn. Who generates them, and how fast, changes nothing: the schedule is fixed by the configuration, and
/// a run gives the same bits colocated and split. The measurement that ends a run takes fresh weights.
/// Stale pages are corrected by truncated importance weights (core/rl/importance.hpp), in the loss and in
/// kl_per_page; rewards in the metrics are of the pages as they were sampled.
class PageSchedule {
 public:
  /// References must outlive it. `draw` is the learner's own.
  PageSchedule(const PpoConfig& config, const PageLanguage& language, PageSource& source,
               const LearnerLanes& lanes, RequestDraw draw, std::uint64_t seed);

  /// Orders what is due at the start of `iteration`, whose weights have `policy_version`, and returns the
  /// iteration's pages. Throws Error if a page comes from other weights than it was ordered from. All
  /// learners call it together.
  OrderedPages next(std::int64_t iteration, std::int64_t policy_version, PhaseClock& clock);
  /// The requests of an iteration in the lanes of this rank.
  std::vector<KeyedRequest> requests(std::int64_t iteration);

  /// All that was ordered and not yet returned, to be kept, in the order of iterations and lanes. As
  /// collect().
  std::vector<WaitingLane> waiting(PhaseClock& clock);
  /// Instead of ordering the first iterations of a run that goes on at `iteration`.
  void restore(std::int64_t iteration, const std::vector<WaitingLane>& waiting);
  /// Takes what is under way, so that the source can be closed; next() returns it all the same.
  void collect(PhaseClock& clock);
  /// Takes what is under way and forgets it; returns the number of iterations.
  std::int64_t drop_waiting(PhaseClock& clock);

  LaneLedger& ledger() { return ledger_; }
  const LaneLedger& ledger() const { return ledger_; }
  /// Pages of an iteration in one lane.
  std::int64_t pages_per_lane() const { return config_.pages() / config_.lanes; }

 private:
  std::int64_t due_at(std::int64_t iteration) const;
  void order(std::int64_t iteration, std::int64_t now, std::int64_t policy_version, PhaseClock& clock);

  const PpoConfig& config_;
  const PageLanguage& language_;
  PageSource& source_;
  const LearnerLanes& lanes_;
  RequestDraw draw_;
  std::uint64_t seed_;
  LaneLedger ledger_;
  std::int64_t ordered_through_ = -1;   ///< newest iteration that was ordered
  std::deque<OrderedPages> held_;       ///< taken, the oldest
  std::deque<OrderedPages> under_way_;  ///< with the source
};

}  // namespace pagewright
