#pragma once
// The interfaces between roles. `rollout` and `rewards` implement them; the pipeline and evaluation are
// written against them, so that policies, baselines, logging and A/B tests share one path.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/iteration/score.hpp"
#include "core/iteration/trajectory.hpp"
#include "core/page/request.hpp"

namespace pagewright {

/// How pages are drawn. Random numbers are keyed by (seed, iteration, request key, sample, position).
struct SampleOptions {
  std::uint64_t seed = 0;
  std::uint64_t iteration = 0;
  int samples = 1;
  double temperature = 1.0;  ///< > 0; log-probs are of the tempered distribution
  bool greedy = false;       ///< take the likeliest token; log-probs are then of temperature 1
  /// false: no grammar, any token of the vocabulary may follow, so that validity can be measured. A page ends
  /// at the first token that is no layout token (FinishReason::text).
  bool constrained = true;
};

/// A request of an iteration. `key` identifies it in random numbers and travels as Trajectory::request.
struct KeyedRequest {
  const Request* request = nullptr;
  std::int64_t key = 0;
};

/// Anything that composes pages.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string name() const = 0;
  /// requests.size() * options.samples trajectories, request-major.
  virtual std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                           const SampleOptions& options) = 0;
  /// Log-prob per response token (per slot for policies without tokens) of given pages, [pages][T], over the
  /// allowed sets at temperature 1. Throws Error for a policy that has no density.
  virtual std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                                    std::span<const Trajectory> trajectories) = 0;
};

/// Step 3 of an iteration: pages from the newest weights.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                           const SampleOptions& options) = 0;
};

/// Step 4 of an iteration. `requests[i]` is the request of `trajectories[i]`.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual std::vector<Score> score(std::span<const KeyedRequest> requests,
                                   std::span<const Trajectory> trajectories) = 0;
};

}  // namespace pagewright
