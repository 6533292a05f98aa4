// `pagewright fit-clicks`: click models side by side, and the one that predicts held-out clicks best.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "launch/verbs.hpp"
#include "launch/workbench.hpp"
#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/click_files.hpp"

namespace pagewright {

namespace {

std::string click_choice_text(const FittedClicks& best, std::size_t held_out_pages) {
  if (best.held_out)
    return fmt::format("chosen by held-out perplexity on {} pages of validation users: {} ({:.4f})",
                       held_out_pages, best.model, best.held_out->perplexity);
  return fmt::format(
      "the log has no page of validation users, so the highest training log-likelihood chose, which favours "
      "models with many parameters: {}",
      best.model);
}

void run_fit_clicks(const ConfigOptions& options) {
  Workbench bench(options, RunUse::begin);
  const RewardsConfig& rewards = bench.experiment().rewards;
  const ClickLog clicks =
      click_log(bench.log(), bench.experiment().schema, rewards.gains, rewards.clicks.documents);
  require(clicks.train.size() > 0, "{}: the log has no training page with a slot",
          bench.experiment().log.string());
  std::vector<FittedClicks> fitted(rewards.clicks.models.size());
  bench.pool().run(static_cast<int>(fitted.size()), [&](int job) {
    const auto i = static_cast<std::size_t>(job);
    fitted[i] = fit_clicks(rewards.clicks.models[i], clicks, rewards.clicks);
  });
  const std::size_t chosen = best_click_model(fitted);
  const PositionIdentification found = position_identification(clicks, bench.log(), rewards.gains);
  const std::filesystem::path folder = bench.run().file("clicks");
  write_click_models(folder, fitted, chosen, found, rewards.clicks.documents);
  fmt::print("{} training pages, {} kinds of position\n{}{}\n{}written to {}\n", clicks.train.size(),
             clicks.space.positions.size(), comparison_text(fitted, chosen),
             click_choice_text(fitted[chosen], clicks.valid.size()),
             identification_text(found, rewards.clicks.documents), folder.string());
}

}  // namespace

void add_fit_clicks_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("fit-clicks",
                                      "fit click models to the log, compare them on held-out pages, and keep "
                                      "the best as a source of position "
                                      "propensities");
  auto options = add_config_options(*verb);
  verb->callback([options] { run_fit_clicks(*options); });
}

}  // namespace pagewright
