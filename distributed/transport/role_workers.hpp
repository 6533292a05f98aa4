#pragma once
// What a rank does whose only role is to generate or to score (docs/architecture.md, steps 2 to 4).

#include <cstdint>
#include <functional>

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"
#include "distributed/pipeline/request_draw.hpp"
#include "distributed/topology.hpp"
#include "distributed/transport/page_messages.hpp"
#include "distributed/transport/weight_sync.hpp"

namespace pagewright {

/// Pages that a worker did, and for how many lanes and iterations.
struct WorkerReport {
  std::int64_t iterations = 0;
  std::int64_t pages = 0;
};

/// Generates pages for its lanes whenever weights come, and sends each lane to the reward rank that has it,
/// until it is told to stop.
struct RolloutDuty {
  Communicator& world;
  const Topology& topology;
  WeightReplica& weights;
  Generator& generator;  ///< from `weights`
  RequestDraw& draw;
  SampleOptions options;  ///< but for the iteration
  std::function<void(std::int64_t iteration)> on_iteration;
  WorkerReport run();
};

/// Scores the pages of its lanes as they come, and sends each lane to the learner that has it, until the
/// rollout ranks say that no more will come.
struct RewardDuty {
  Communicator& world;
  const Topology& topology;
  const PageLanguage& language;
  Scorer& scorer;
  RequestDraw& draw;
  int samples = 1;
  std::function<void(std::int64_t iteration)> on_iteration;
  WorkerReport run();
};

}  // namespace pagewright
