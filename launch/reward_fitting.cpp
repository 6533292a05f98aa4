#include "launch/reward_fitting.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/rng.hpp"
#include "core/base/table.hpp"
#include "core/data/log_hash.hpp"
#include "core/data/split_rule.hpp"
#include "distributed/agreement.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "launch/held_out_judge.hpp"
#include "launch/learning_curve.hpp"
#include "launch/model_folder.hpp"
#include "launch/page_model_report.hpp"
#include "launch/reward_truth.hpp"
#include "launch/start_weights.hpp"
#include "rewards/feedback/pair_file.hpp"
#include "rewards/feedback/pair_report.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/item_task.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/models/reward_card.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kScaleIteration =
    1U << 29;  ///< "iteration" of the pages over which rewards are normalised

/// Everything that the fits share.
struct RewardFit {
  explicit RewardFit(Workbench& workbench)
      : bench(workbench),
        config(workbench.experiment().rewards),
        item_gains(config.gains, workbench.log(),
                   {&workbench.experiment().schema, config.clicks, workbench.run().file("clicks")}),
        gains(item_gains.weights()),
        truth(workbench, gains) {}

  std::vector<FeedbackPage> pages(Split split) const {
    return feedback_pages(bench.log(), bench.experiment().schema, config.gains, split);
  }
  PairSet pairs(Split split) const {
    if (config.pairs.file)
      return read_pairs(*config.pairs.file, bench.experiment().schema, bench.log(), split);
    return make_pairs(bench.log(), bench.experiment().schema, item_gains, config.pairs, split,
                      bench.experiment().seed);
  }
  std::vector<SwapPair> swaps(Split split) const { return make_swap_pairs(bench.log(), item_gains, split); }
  SupervisedConfig loop(const FitConfig& fit) const {
    return {.epochs = fit.epochs,
            .batch = fit.batch,
            .evaluate_every = fit.evaluate_every,
            .patience = fit.patience,
            .least_gain = fit.least_gain,
            .seed = bench.experiment().seed};
  }

  Workbench& bench;
  const RewardsConfig& config;
  ItemGains item_gains;
  GainWeights gains;
  RewardTruth truth;
  /// How scores of the page models are read, by name; on the first rank, as the models are fitted.
  std::map<std::string, RewardScale> readings;
  std::optional<PairSet> train_pairs;  ///< counts and reasons, where a page model learns from pairs
};

/// Parameters of a reward model before the first step; models of different `salt` begin differently.
FlatParameters start_parameters(Workbench& bench, const ModelConfig& shape, std::uint64_t salt,
                                int ensemble) {
  FlatParameters on_cpu(shape);
  start_weights(on_cpu, bench.language(), bench.experiment().seed + salt);
  if (ensemble > 1) start_member_heads(on_cpu, bench.experiment().seed + salt);
  return std::move(on_cpu).on(bench.device());
}

ModelConfig item_model_shape(const Experiment& experiment) {
  const std::vector<std::string> head{kItemHead};
  return reward_model_config(experiment.reward_model(),
                             ensemble_heads(head, experiment.rewards.item.ensemble));
}

SupervisedResult fit_model(RewardFit& fit, SupervisedTask& task, FlatParameters& parameters,
                           const FitConfig& config) {
  Workbench& bench = fit.bench;
  const SupervisedConfig loop = fit.loop(config);
  Trainer trainer(bench.learners(), parameters, config.optimizer, bench.pool(), bench.experiment().lanes(),
                  supervised_steps(task.examples(), loop), bench.sharding());
  return run_supervised(trainer, task, loop);
}

/// What the configuration says of how scores are read.
RewardScale reading_of(const RewardsConfig& config) {
  RewardScale reading;
  reading.page_pessimism = config.page.pessimism;
  reading.item_pessimism = config.item.pessimism;
  reading.item_uncertainty = config.item.uncertainty;
  return reading;
}

void fit_page_model(RewardFit& fit, PageModelForm form, const std::vector<PagePair>& held_out_pairs,
                    Table& table, nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  const std::string name = page_model_name(form);
  PageModelConfig config = fit.config.page;
  config.form = form;
  PageTaskData train{fit.pages(Split::train), {}};
  PageTaskData held_out{fit.pages(Split::valid), {}};
  if (form != PageModelForm::utility) {
    fit.train_pairs = fit.pairs(Split::train);
    train.pairs = std::exchange(fit.train_pairs->pairs, {});
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
    fmt::print("{}\n{}", name, curve_table(result, "loss a page"));
    write_curve(bench.run().file("curves/" + name + ".json"), result, "loss a page");
    PageModelTrial trial{
        bench,          name,           form,     parameters.view(), fit.gains, reading_of(fit.config),
        held_out_pages, held_out_pairs, fit.truth};
    const nlohmann::json calibration = calibrate(trial, config.calibration);
    reports[name] = page_model_report(trial, table);
    if (!calibration.is_null()) reports[name]["calibration"] = calibration;
    fit.readings[name] = trial.reading;
    save_model(bench.run().reward(name), parameters.view(), {"page-model", bench.language().hash(), 0, {}});
  });
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

void add_item_truth(const RewardFit& fit, const WeightsView& item, Table& table, nlohmann::json& report) {
  const RewardScale reading = reading_of(fit.config);
  const LearnedTermContext context{fit.bench.language().vocabulary(), reading, fit.bench.pool()};
  report["truth"] = fit.truth.of_item_scores(score_items(context, item, fit.truth.pages()));
  table.add_row({"item", "correlation with true attractiveness, random pages",
                 fmt::format("{:.3f}", report["truth"]["pearson"].get<double>()),
                 fmt::format("{}", report["truth"]["slots"].get<std::int64_t>())});
}

void fit_item_model(RewardFit& fit, Table& table, nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  FlatParameters parameters = made_on_all(bench.learners(), [&] { return start_of_item_model(fit); });
  ItemModelTask task(bench.language(), bench.log(), fit.swaps(Split::train), fit.swaps(Split::valid),
                     fit.config.item, bench.experiment().seed, bench.pool());
  const SupervisedResult result = fit_model(fit, task, parameters, fit.config.item.fit);
  on_first_rank(bench.learners(), [&] {
    fmt::print("item model\n{}", curve_table(result, "loss a page"));
    write_curve(bench.run().file("curves/item.json"), result, "loss a page");
    task.held_out_loss(parameters.view());
    table.add_row({"item", "swaps right", fmt::format("{:.3f}", task.held_out_accuracy()),
                   fmt::format("{}", task.held_out_swaps())});
    reports["item"] = {{"swaps", {{"accuracy", task.held_out_accuracy()}, {"pairs", task.held_out_swaps()}}}};
    if (fit.truth.known()) add_item_truth(fit, parameters.view(), table, reports["item"]);
    save_model(bench.run().reward("item"), parameters.view(), {"item-model", bench.language().hash(), 0, {}});
  });
}

/// The judge: the utility form on the validation users' pages, stopped early on training pages.
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

/// Pages that the warm-up policy samples for training requests.
GroupedPages reference_pages(Workbench& bench, int count) {
  const Experiment& experiment = bench.experiment();
  const FlatParameters warmup =
      load_model(bench.run().policy("warmup"), experiment.policy_model(), "policy", bench.language().hash())
          .on(bench.device());
  std::vector<KeyedRequest> requests;
  for (std::size_t i = 0; i < bench.log().requests.size() && static_cast<int>(requests.size()) < count; ++i)
    if (bench.log().requests[i].split == Split::train)
      requests.push_back({&bench.log().requests[i].request, static_cast<std::int64_t>(i)});
  ModelPolicy policy(bench.language(), [view = warmup.view()] { return view; }, bench.pool(), "warmup");
  SampleOptions options;
  options.seed = experiment.seed;
  options.iteration = kScaleIteration;
  const std::vector<Trajectory> pages = policy.generate(requests, options);
  return group_pages(bench.language(), requests, pages);
}

void write_pair_report(const RewardFit& fit, const PairSet& held_out) {
  nlohmann::json report = {
      {"format", "pagewright-pair-report"}, {"version", 1}, {"held_out", pair_report(held_out)}};
  fmt::print("pairs of the validation users\n{}", pair_table(held_out));
  if (fit.train_pairs) {
    report["train"] = pair_report(*fit.train_pairs);
    fmt::print("pairs of the training users\n{}", pair_table(*fit.train_pairs));
  }
  write_file_atomically(fit.bench.run().reward("pairs.json"), report.dump(2) + "\n");
}

void write_card(const RewardFit& fit, PairSet held_out, const nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  held_out.pairs.clear();
  write_pair_report(fit, held_out);
  const nlohmann::json card =
      reward_card({bench.experiment().log.string(), count_feedback(bench.log(), fit.pages(Split::train)),
                   count_feedback(bench.log(), fit.pages(Split::valid)), fit.config.gains, fit.gains,
                   fit.item_gains.propensity_by_slot(), std::move(held_out), fit.train_pairs},
                  reports);
  write_file_atomically(bench.run().reward("card.json"), card.dump(2) + "\n");
  write_file_atomically(bench.run().reward("card.md"), reward_card_markdown(card));
  for (const auto& sentence : card.at("weaknesses")) log_warn("{}", sentence.get<std::string>());
}

void fit_scales(RewardFit& fit) {
  Workbench& bench = fit.bench;
  const Experiment& experiment = bench.experiment();
  const GroupedPages pages = reference_pages(bench, fit.config.normaliser_pages);
  const RewardScale reading = reading_of(fit.config);
  const LearnedTermContext context{bench.language().vocabulary(), reading, bench.pool()};
  const FlatParameters item = load_model(bench.run().reward("item"), item_model_shape(experiment),
                                         "item-model", bench.language().hash())
                                  .on(bench.device());
  const auto item_scores = score_items(context, item.view(), pages.groups);
  for (PageModelForm form : page_forms(experiment)) {
    const std::string name = page_model_name(form);
    const FlatParameters page = load_model(bench.run().reward(name), page_model_shape(experiment, form),
                                           "page-model", bench.language().hash())
                                    .on(bench.device());
    const RewardScale& of_page = fit.readings.at(name);
    const auto page_scores = score_pages({bench.language().vocabulary(), of_page, bench.pool()}, page.view(),
                                         form, fit.gains, pages.groups);
    fit_reward_scale(page_scores, item_scores, fit.config.clip, of_page)
        .save(bench.run().reward("scale-" + name + ".json"));
  }
}

}  // namespace

ModelConfig page_model_shape(const Experiment& experiment, PageModelForm form) {
  const RewardsConfig& rewards = experiment.rewards;
  return reward_model_config(experiment.reward_model(),
                             page_model_heads(form, page_heads(rewards.page, rewards.gains)));
}

std::string page_model_name(PageModelForm form) {
  switch (form) {
    case PageModelForm::utility:
      return "page-utility";
    case PageModelForm::pairs:
      return "page-pairs";
    case PageModelForm::both:
      return "page-both";
  }
  fail("unknown form of the page model");
}

std::vector<PageModelForm> page_forms(const Experiment& experiment) {
  std::vector<PageModelForm> forms{experiment.rewards.page.form};
  for (const PolicyVariant& policy : experiment.policies)
    if (policy.page_form && std::find(forms.begin(), forms.end(), *policy.page_form) == forms.end())
      forms.push_back(*policy.page_form);
  return forms;
}

void fit_rewards(Workbench& bench) {
  std::optional<RewardFit> fit;
  PairSet held_out;
  on_all_ranks(bench.learners(), [&] {
    fit.emplace(bench);
    require(
        !fit->swaps(Split::train).empty(),
        "{}: no training page has two slots of different gain, so the item model has nothing to learn from; "
        "pages need several slots, and clicks on some of them",
        bench.experiment().log.string());
    held_out = fit->pairs(Split::valid);
  });
  log_info("gains: click {}, purchase {} at the mean purchased price of {:.0f} minor units", fit->gains.click,
           fit->gains.purchase, fit->gains.price_ref);
  Table table({"model", "on held-out users", "value", "count"});
  nlohmann::json reports;
  for (PageModelForm form : page_forms(bench.experiment()))
    fit_page_model(*fit, form, held_out.pairs, table, reports);
  fit_item_model(*fit, table, reports);
  fit_judge(*fit);
  on_first_rank(bench.learners(), [&] {
    fit_scales(*fit);
    write_file_atomically(bench.run().reward("report.json"), reports.dump(2) + "\n");
    write_card(*fit, std::move(held_out), reports);
    fmt::print("{}reward models are in {}; card.md says what they are good for\n", table.to_string(),
               bench.run().reward("").string());
  });
}

void write_page_pairs(Workbench& bench, const std::filesystem::path& path) {
  on_first_rank(bench.learners(), [&] {
    const RewardFit fit(bench);
    PairFileHead head{bench.experiment().log.string(), log_hash(bench.log()), {}};
    for (const auto& [key, value] : bench.loaded().values)
      if (key == "seed" || key.starts_with("rewards.pairs.") || key.starts_with("rewards.gains."))
        head.configuration[key] = value;
    std::map<Split, PairSet> pairs;
    for (const Split split : {Split::train, Split::valid}) pairs.emplace(split, fit.pairs(split));
    write_pairs(path, head, bench.experiment().schema, bench.log(), pairs);
    for (const auto& [split, set] : pairs) fmt::print("{}\n{}", split_name(split), pair_table(set));
    fmt::print("{} pairs are in {}\n",
               pairs.at(Split::train).pairs.size() + pairs.at(Split::valid).pairs.size(), path.string());
  });
}

FittedRewards load_rewards(Workbench& bench, PageModelForm form) {
  const Experiment& experiment = bench.experiment();
  const std::string name = page_model_name(form);
  const std::string& language = bench.language().hash();
  return {load_model(bench.run().reward(name), page_model_shape(experiment, form), "page-model", language)
              .on(bench.device()),
          load_model(bench.run().reward("item"), item_model_shape(experiment), "item-model", language)
              .on(bench.device()),
          RewardScale::load(bench.run().reward("scale-" + name + ".json"))};
}

}  // namespace pagewright
