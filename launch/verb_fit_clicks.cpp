// `pagewright fit-clicks`: click models side by side, and the one that predicts held-out clicks best.

#include <algorithm>
#include <unordered_set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/data/bind_log.hpp"
#include "core/data/log_file.hpp"
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

/// Whose pages were looked for, if not everybody's.
std::string wanted_pages_text(const ClickView& view, const GainConfig& gains) {
  if (view.pages == ClickPages::all) return "";
  return fmt::format(
      " of the policy '{}'; let rewards.gains.uniform_policy name the policy that places items at random, or "
      "set "
      "rewards.clicks.pages: all and fit again",
      gains.uniform_policy);
}

void run_fit_clicks(const ConfigOptions& options) {
  Workbench bench(options, RunUse::begin);
  const RewardsConfig& rewards = bench.experiment().rewards;
  const ClickLog clicks = click_log(bench.log(), bench.experiment().schema, rewards.gains,
                                    {rewards.clicks.documents, rewards.clicks.pages});
  require(clicks.train.size() > 0, "{}: the log has no training page with a slot{}",
          bench.experiment().log.string(), wanted_pages_text(clicks.view, rewards.gains));
  std::vector<FittedClicks> fitted(rewards.clicks.models.size());
  bench.pool().run(static_cast<int>(fitted.size()), [&](int job) {
    const auto i = static_cast<std::size_t>(job);
    fitted[i] = fit_clicks(rewards.clicks.models[i], clicks, rewards.clicks);
  });
  const std::size_t chosen = best_click_model(fitted);
  const PositionIdentification found = position_identification(clicks, bench.log(), rewards.gains);
  const std::filesystem::path folder = bench.run().file("clicks");
  write_click_models(folder, fitted, chosen, found, clicks.view);
  fmt::print("{} training pages, {} kinds of position\n{}{}\n{}written to {}\n", clicks.train.size(),
             clicks.space.positions.size(), comparison_text(fitted, chosen),
             click_choice_text(fitted[chosen], clicks.valid.size()),
             identification_text(found, rewards.clicks.documents), folder.string());
}

/// How many slots show documents that the fit has not seen; they count as the fitted log's mean.
std::string unknown_documents_text(const ClickSessions& sessions, const ClickSpace& space,
                                   const FittedClicks& fitted) {
  const auto of_documents = std::ranges::find(fitted.parameters, "attractiveness", &ClickParameters::name);
  if (of_documents == fitted.parameters.end()) return "";
  const std::unordered_set<std::string> known(of_documents->keys.begin(), of_documents->keys.end());
  std::size_t unknown = 0;
  for (std::size_t s = 0; s < sessions.size(); ++s)
    for (const int document : sessions[s].documents)
      unknown += !known.contains(space.documents[static_cast<std::size_t>(document)]);
  if (unknown == 0) return "";
  return fmt::format("{} of {} slots show what the fitted log never did; it counts as that log's mean\n",
                     unknown, sessions.slots());
}

/// The validation pages of the log, seen as the fitted one was.
ClickLog clicks_to_judge(const Experiment& experiment, ClickView view, const std::filesystem::path& fitted) {
  require(view.documents != ClickDocuments::features || !view.scales.empty(),
          "{}: the models were fitted by an older version, which did not say how features were scaled; run "
          "`pagewright fit-clicks` there again",
          fitted.string());
  FeedbackLog log = load_log(experiment.log, {experiment.log_pages, experiment.seed});
  bind_to_schema(log, experiment.schema);
  view.held_out_only = true;
  ClickLog clicks = click_log(log, experiment.schema, experiment.rewards.gains, view);
  require(clicks.valid.size() > 0, "{}: the log has no page of validation users to judge click models on{}",
          experiment.log.string(), wanted_pages_text(view, experiment.rewards.gains));
  return clicks;
}

/// Judges the models that an earlier run fitted on the validation pages of this configuration's log.
void evaluate_clicks(const ConfigOptions& options, const std::filesystem::path& folder) {
  const Experiment experiment = options.load().experiment;
  const ClickChoice choice = read_click_choice(folder);
  std::vector<FittedClicks> judged;
  ClickLog clicks;
  std::string unknown;
  for (const std::string& name : choice.models) {
    const StoredClicks stored = read_click_model(folder, name);
    // All models of a folder are of one fit, so that they see a log alike.
    if (judged.empty()) {
      clicks = clicks_to_judge(experiment, stored.view, folder);
    }
    with_context((folder / (name + ".json")).string(), [&] {
      FittedClicks& model = judged.emplace_back();
      model.model = name;
      model.held_out = click_quality(*restore_click_model(stored, clicks.space), clicks.valid);
    });
    if (unknown.empty()) unknown = unknown_documents_text(clicks.valid, clicks.space, stored.clicks);
  }
  const std::size_t best = best_click_model(judged);
  fmt::print(
      "models of {}, judged on {} pages of validation users of {}\n{}{}lowest perplexity: {} ({:.4f}); {} "
      "was "
      "chosen when they were fitted\n",
      folder.string(), clicks.valid.size(), experiment.log.string(), comparison_text(judged, best), unknown,
      judged[best].model, judged[best].held_out->perplexity, choice.chosen);
}

}  // namespace

void add_fit_clicks_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("fit-clicks",
                                      "fit click models to the log, compare them on held-out pages, and keep "
                                      "the best as a source of position "
                                      "propensities");
  auto options = add_config_options(*verb);
  auto fitted = std::make_shared<std::filesystem::path>();
  verb->add_option(
          "--evaluate", *fitted,
          "fit nothing: judge the models in this folder, RUN/clicks of an earlier run, on the validation "
          "users of this configuration's log")
      ->type_name("FOLDER");
  verb->callback([options, fitted] {
    if (fitted->empty())
      run_fit_clicks(*options);
    else
      evaluate_clicks(*options, *fitted);
  });
}

}  // namespace pagewright
