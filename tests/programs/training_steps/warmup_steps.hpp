#pragma once
// The warm-up, with everything written down that another implementation needs to take the same steps.

#include <filesystem>

#include "tests/programs/training_steps/steps_bench.hpp"

namespace pagewright::steps {

/// Runs the supervised loop on the log's training pages. Writes into FOLDER the parameters before the first
/// step and after each (write_step), and steps.json: for each step the loss and its examples, with prompt,
/// page, allowed sets and weights of the slots.
void take_warmup_steps(const StepsBench& bench, const std::filesystem::path& folder);

}  // namespace pagewright::steps
