#include "launch/reward_fits.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/agreement.hpp"
#include "launch/held_out_judge.hpp"
#include "launch/learning_curve.hpp"
#include "launch/model_folder.hpp"
#include "launch/page_model_report.hpp"
#include "launch/reward_fitting.hpp"
#include "launch/start_weights.hpp"
#include "rewards/feedback/pair_file.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/item_task.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {
namespace {

/// Parameters of a reward model before the first step; models of different `salt` begin differently.
FlatParameters start_parameters(Workbench& bench, const ModelConfig& shape, std::uint64_t salt,
                                int ensemble) {
  FlatParameters on_cpu(shape);
  start_weights(on_cpu, bench.language(), bench.experiment().seed + salt);
  if (ensemble > 1) start_member_heads(on_cpu, bench.experiment().seed + salt);
  return std::move(on_cpu).on(bench.device());
}

SupervisedResult fit_model(RewardFit& fit, SupervisedTask& task, FlatParameters& parameters,
                           const FitConfig& config) {
  Workbench& bench = fit.bench;
  const SupervisedConfig loop{.epochs = config.epochs,
                              .batch = config.batch,
                              .evaluate_every = config.evaluate_every,
                              .patience = config.patience,
                              .least_gain = config.least_gain,
                              .seed = bench.experiment().seed};
  Trainer trainer(bench.learners(), parameters, config.optimizer, bench.pool(), bench.experiment().lanes(),
                  supervised_steps(task.examples(), loop), bench.sharding());
  return run_supervised(trainer, task, loop);
}

/// How much a fit learnt from; each epoch draws one pair or so many swaps for each page.
nlohmann::json fit_json(const SupervisedResult& result) {
  return {{"pages", result.examples}, {"ended_at_plateau", result.plateau}};
}

std::string fit_words(const SupervisedResult& result, const char* with) {
  return fmt::format("learnt from {} pages{}, each time counted{}", result.examples, with,
                     result.plateau ? ", until the held-out loss stopped falling" : "");
}

FlatParameters start_of_item_model(const RewardFit& fit) {
  Workbench& bench = fit.bench;
  FlatParameters parameters =
      start_parameters(bench, item_model_shape(bench.experiment()), 2, fit.config.item.ensemble);
  if (fit.config.item.start == ItemStart::page) {
    const PageModelForm form = fit.config.page.form;
    parameters.load_shared(load_model(bench.run().reward(page_model_name(form)),
                                      page_model_shape(bench.experiment(), form), "page-model",
                                      bench.language().hash())
                               .view());
  }
  return parameters;
}

void add_item_truth(RewardFit& fit, const WeightsView& item, Table& table, nlohmann::json& report) {
  const RewardScale reading = reading_of(fit.config);
  const LearnedTermContext context{fit.bench.language().vocabulary(), reading, fit.bench.pool()};
  report["truth"] = fit.truth().of_item_scores(score_items(context, item, fit.truth().pages()));
  table.add_row({"item", "correlation with true attractiveness, random pages",
                 fmt::format("{:.3f}", report["truth"]["pearson"].get<double>()),
                 fmt::format("{}", report["truth"]["slots"].get<std::int64_t>())});
}

}  // namespace

RewardFit::RewardFit(Workbench& workbench)
    : bench(workbench),
      config(workbench.experiment().rewards),
      item_gains(config.gains, workbench.log(),
                 {&workbench.experiment().schema, config.clicks, workbench.run().file("clicks")}),
      gains(item_gains.weights()) {}

std::vector<FeedbackPage> RewardFit::pages(Split split) const {
  return feedback_pages(bench.log(), bench.experiment().schema, config.gains, split);
}

std::map<Split, PairSet> RewardFit::pairs(const std::vector<Split>& splits) const {
  const PageSchema& schema = bench.experiment().schema;
  if (config.pairs.file) return read_pairs(*config.pairs.file, schema, bench.log(), splits);
  std::map<Split, PairSet> made;
  for (const Split split : splits)
    made.emplace(split,
                 make_pairs(bench.log(), schema, item_gains, config.pairs, split, bench.experiment().seed));
  return made;
}

const RewardTruth& RewardFit::truth() {
  if (!truth_) truth_.emplace(bench, gains);
  return *truth_;
}

std::vector<SwapPair> RewardFit::swaps(Split split) const {
  return make_swap_pairs(bench.log(), item_gains, split);
}

RewardScale reading_of(const RewardsConfig& config) {
  RewardScale reading;
  reading.page_pessimism = config.page.pessimism;
  reading.item_pessimism = config.item.pessimism;
  reading.item_uncertainty = config.item.uncertainty;
  return reading;
}

ModelConfig item_model_shape(const Experiment& experiment) {
  const std::vector<std::string> head{kItemHead};
  return reward_model_config(experiment.reward_model(),
                             ensemble_heads(head, experiment.rewards.item.ensemble));
}

void fit_page_model(RewardFit& fit, PageModelForm form, Table& table, nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  const std::string name = page_model_name(form);
  PageModelConfig config = fit.config.page;
  config.form = form;
  const std::vector<PagePair>& held_out_pairs = fit.page_pairs.at(Split::valid).pairs;
  PageTaskData train{fit.pages(Split::train), {}};
  PageTaskData held_out{fit.pages(Split::valid), {}};
  if (form != PageModelForm::utility) {
    train.pairs = fit.page_pairs.at(Split::train).pairs;
    held_out.pairs = held_out_pairs;
    train.family_weights = held_out.family_weights = fit.config.pairs.family_weights;
    require(
        std::any_of(train.pairs.begin(), train.pairs.end(),
                    [&](const PagePair& pair) {
                      return train.family_weights[static_cast<std::size_t>(pair.family)] > 0;
                    }),
        "the log yields no page pair of a family with a weight, so `form: {}` has nothing to learn from; use "
        "`form: utility`",
        name.substr(5));
  }
  const std::vector<FeedbackPage> held_out_pages = held_out.pages;
  FlatParameters parameters = made_on_all(bench.learners(), [&] {
    return start_parameters(bench, page_model_shape(bench.experiment(), form), 1, config.ensemble);
  });
  PageModelTask task(bench.language(), bench.log(), std::move(train), std::move(held_out), config,
                     fit.config.gains.label_smoothing, fit.gains, bench.experiment().seed, bench.pool());
  const SupervisedResult result = fit_model(fit, task, parameters, config.fit);
  on_first_rank(bench.learners(), [&] {
    fmt::print("{}: {}\n{}", name,
               fit_words(result, form == PageModelForm::utility ? "" : " and as many pairs"),
               curve_table(result, "loss a page"));
    write_curve(bench.run().file("curves/" + name + ".json"), result, "loss a page");
    PageModelTrial trial{
        bench,          name,           form,       parameters.view(), fit.gains, reading_of(fit.config),
        held_out_pages, held_out_pairs, fit.truth()};
    const nlohmann::json calibration = calibrate(trial, config.calibration);
    reports[name] = page_model_report(trial, table);
    if (!calibration.is_null()) reports[name]["calibration"] = calibration;
    reports[name]["fit"] = fit_json(result);
    fit.readings[name] = trial.reading;
    save_model(bench.run().reward(name), parameters.view(), {"page-model", bench.language().hash(), 0, {}});
  });
}

void fit_item_model(RewardFit& fit, const std::vector<SwapPair>& swaps, Table& table,
                    nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  FlatParameters parameters = made_on_all(bench.learners(), [&] { return start_of_item_model(fit); });
  ItemModelTask task(bench.language(), bench.log(), swaps, fit.swaps(Split::valid), fit.config.item,
                     bench.experiment().seed, bench.pool());
  const SupervisedResult result = fit_model(fit, task, parameters, fit.config.item.fit);
  on_first_rank(bench.learners(), [&] {
    fmt::print("item model: {}\n{}", fit_words(result, ""), curve_table(result, "loss a page"));
    write_curve(bench.run().file("curves/item.json"), result, "loss a page");
    task.held_out_loss(parameters.view());
    table.add_row({"item", "swaps right", fmt::format("{:.3f}", task.held_out_accuracy()),
                   fmt::format("{}", task.held_out_swaps())});
    reports["item"] = {{"swaps", {{"accuracy", task.held_out_accuracy()}, {"pairs", task.held_out_swaps()}}},
                       {"fit", fit_json(result)}};
    if (fit.truth().known()) add_item_truth(fit, parameters.view(), table, reports["item"]);
    save_model(bench.run().reward("item"), parameters.view(), {"item-model", bench.language().hash(), 0, {}});
  });
}

void fit_judge(RewardFit& fit) {
  Workbench& bench = fit.bench;
  PageTaskData train{fit.pages(Split::valid), {}};
  if (train.pages.empty()) {
    log_warn(
        "the log has no validation users, so no judge of held-out reward can be fitted; import with a "
        "validation split");
    return;
  }
  PageTaskData held_out{fit.pages(Split::train), {}};
  held_out.pages.resize(std::min<std::size_t>(held_out.pages.size(), 1000));
  PageModelConfig config = fit.config.page;
  config.form = PageModelForm::utility;
  FlatParameters parameters = made_on_all(bench.learners(), [&] {
    return start_parameters(bench, page_model_shape(bench.experiment(), config.form), 3, config.ensemble);
  });
  PageModelTask task(bench.language(), bench.log(), std::move(train), std::move(held_out), config,
                     fit.config.gains.label_smoothing, fit.gains, bench.experiment().seed, bench.pool());
  const SupervisedResult result = fit_model(fit, task, parameters, config.fit);
  on_first_rank(bench.learners(), [&] {
    write_curve(bench.run().file("curves/judge.json"), result, "loss a page");
    save_model(bench.run().reward(kJudgeName), parameters.view(),
               {"page-model", bench.language().hash(), 0, {}});
  });
}

}  // namespace pagewright
