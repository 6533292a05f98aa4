// `pagewright fit-reward`: the page model and the item model, from clicks and purchases.

#include <filesystem>
#include <memory>

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
  auto pairs = std::make_shared<std::filesystem::path>();
  verb->add_option("--write-pairs", *pairs,
                   "write the page pairs of training and validation users to this file, and fit nothing");
  verb->callback([options, pairs, &job] {
    Workbench bench(*options, pairs->empty() ? RunUse::existing : RunUse::begin, job);
    bench.run_recorded([&] {
      if (!bench.learns()) return;
      if (pairs->empty())
        fit_rewards(bench);
      else
        write_page_pairs(bench, *pairs);
    });
  });
}

}  // namespace pagewright
