#pragma once
// Steps 2 to 4 of an iteration as a learner sees them: requests in, scored pages out.

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

class PageSource {
 public:
  virtual ~PageSource() = default;
  /// Pages for the requests of this rank's lanes, lane after lane, from the parameters as they are now. All
  /// learners call it together. What takes its time is told to `clock`.
  virtual ScoredPages pages(std::span<const KeyedRequest> requests, const SampleOptions& options,
                            PhaseClock& clock) = 0;
  /// No more pages are wanted.
  virtual void close() {}
};

/// Generates and scores on this rank.
class LocalPageSource final : public PageSource {
 public:
  /// References must outlive it.
  LocalPageSource(Generator& generator, Scorer& scorer) : generator_(generator), scorer_(scorer) {}
  ScoredPages pages(std::span<const KeyedRequest> requests, const SampleOptions& options,
                    PhaseClock& clock) override;

 private:
  Generator& generator_;
  Scorer& scorer_;
};

/// `samples` copies of each request, request by request: what a Scorer takes beside the pages.
std::vector<KeyedRequest> repeat_for_samples(std::span<const KeyedRequest> requests, int samples);

}  // namespace pagewright
