// `pagewright fit-reward`: the page model and the item model, from clicks and purchases.

#include <CLI/CLI.hpp>

#include "launch/reward_fitting.hpp"
#include "launch/verbs.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

void add_fit_reward_verb(CLI::App& app, Job& job) {
  CLI::App* verb = app.add_subcommand(
      "fit-reward",
      "fit the page and item reward models to the log, and report how well they order held-out pages");
  auto options = add_config_options(*verb);
  verb->callback([options, &job] {
    Workbench bench(*options, RunUse::existing, job);
    bench.run_recorded([&] {
      if (bench.learns()) fit_rewards(bench);
    });
  });
}

}  // namespace pagewright
