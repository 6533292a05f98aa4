#pragma once
// Steps 2 to 4 of an iteration as a learner sees them: requests in, scored pages out.

#include <deque>
#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "distributed/pipeline/phase_clock.hpp"

namespace pagewright {

/// Trajectories and their scores, request by request and sample by sample.
struct ScoredPages {
  std::vector<Trajectory> trajectories;
  std::vector<Score> scores;
};

/// Pages are ordered and taken: between the two they may be under way elsewhere.
class PageSource {
 public:
  virtual ~PageSource() = default;
  /// Asks for pages for the requests of this rank's lanes, lane after lane, from the parameters as they are
  /// now; they may change as soon as it returns. All learners call it together. What takes its time is told
  /// to `clock`.
  virtual void order(std::span<const KeyedRequest> requests, const SampleOptions& options,
                     PhaseClock& clock) = 0;
  /// The pages of the oldest order that were not taken; waits for them.
  virtual ScoredPages take(PhaseClock& clock) = 0;
  /// Called from time to time between the two, so that what is under way moves on.
  virtual void progress() {}
  /// No more pages are wanted. All were taken.
  virtual void close() {}
};

/// Generates and scores on this rank, when pages are ordered.
class LocalPageSource final : public PageSource {
 public:
  /// References must outlive it.
  LocalPageSource(Generator& generator, Scorer& scorer) : generator_(generator), scorer_(scorer) {}
  void order(std::span<const KeyedRequest> requests, const SampleOptions& options,
             PhaseClock& clock) override;
  ScoredPages take(PhaseClock& clock) override;

 private:
  Generator& generator_;
  Scorer& scorer_;
  std::deque<ScoredPages> ready_;
};

/// `samples` copies of each request, request by request: what a Scorer takes beside the pages.
std::vector<KeyedRequest> repeat_for_samples(std::span<const KeyedRequest> requests, int samples);

}  // namespace pagewright
