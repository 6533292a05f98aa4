#pragma once
// Reinforcement learning, with everything written down that another implementation needs to take the same
// steps.

#include <filesystem>

#include "tests/programs/training_steps/steps_bench.hpp"

namespace pagewright::steps {

/// Runs the pipeline: pages from the policy, scored by a rule and by an item model with random weights,
/// against a reference policy near the start. Writes into FOLDER the parameters before the first step and
/// after each (write_step), and steps.json: for each iteration its requests with their pages, credit
/// included, which of them each optimizer step took, and the metrics.
void take_ppo_steps(const StepsBench& bench, const std::filesystem::path& folder);

}  // namespace pagewright::steps
