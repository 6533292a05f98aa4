// training_steps CONFIG.yaml FOLDER: takes the steps of the warm-up and of reinforcement learning that the
// configuration describes, on a simulated shop, and writes down what tests/python/steps_test.py compares with
// steps of its own: FOLDER/start (the policy before the first step, as `transformers` reads it),
// FOLDER/warmup and FOLDER/ppo.

#include <cstdio>
#include <exception>
#include <filesystem>

#include "core/base/error.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "launch/experiment.hpp"
#include "launch/model_folder.hpp"
#include "tests/programs/training_steps/ppo_steps.hpp"
#include "tests/programs/training_steps/steps_bench.hpp"
#include "tests/programs/training_steps/warmup_steps.hpp"

int main(int argc, char** argv) {
  using namespace pagewright;
  try {
    require(argc == 3, "usage: training_steps CONFIG.yaml FOLDER");
    use_one_numeric_thread();
    const steps::StepsBench bench(load_experiment(argv[1], {}).experiment);
    const std::filesystem::path folder = argv[2];
    save_model(folder / "start", bench.start_policy().view(), {"policy", bench.language().hash(), 0, {}});
    steps::take_warmup_steps(bench, folder / "warmup");
    steps::take_ppo_steps(bench, folder / "ppo");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "training_steps: %s\n", error.what());
    return 1;
  }
}
