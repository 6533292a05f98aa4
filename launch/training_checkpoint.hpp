#pragma once
// Between the pipeline's state and what is kept on disk.

#include "core/checkpoint/checkpoint.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/pipeline/pipeline.hpp"

namespace pagewright {

/// Arrays without padding, one a parameter: groups parameters, exp_avg, exp_avg_sq and within_budget.
Checkpoint to_checkpoint(const FlatParameters& layout, const PipelineState& state,
                         std::vector<std::string> metrics);
/// Throws Error if the checkpoint is of another model.
PipelineState from_checkpoint(const FlatParameters& layout, const Checkpoint& checkpoint);

}  // namespace pagewright
