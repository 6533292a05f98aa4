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
#include "launch/start_weights.hpp"
#include "rewards/feedback/pair_file.hpp"
#include "rewards/feedback/pair_report.hpp"
#include "rewards/models/item_task.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/models/reward_card.hpp"
#include "rewards/models/reward_quality.hpp"
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
        gains(gain_weights(config.gains, workbench.log())),
        propensities(position_propensities(config.gains, workbench.log(), workbench.run().file("clicks"))) {}

  std::vector<FeedbackPage> pages(Split split) const {
    return feedback_pages(bench.log(), bench.experiment().schema, config.gains, split);
  }
  PairSet pairs(Split split) const {
    if (config.pairs.file)
      return read_pairs(*config.pairs.file, bench.experiment().schema, bench.log(), split);
    return make_pairs(bench.log(), bench.experiment().schema, config.gains, gains, propensities, config.pairs,
                      split, bench.experiment().seed);
  }
  std::vector<SwapPair> swaps(Split split) const {
    return make_swap_pairs(bench.log(), config.gains, gains, propensities, split);
  }
  SupervisedConfig loop(const FitConfig& fit) const {
    return {fit.epochs, fit.batch, 2, bench.experiment().seed};
  }

  Workbench& bench;
  const RewardsConfig& config;
  GainWeights gains;
  PositionPropensities propensities;
  std::optional<PairSet> train_pairs;  ///< counts and reasons, where a page model learns from pairs
};

/// Parameters of a reward model before the first step; models of different `salt` begin differently.
FlatParameters start_parameters(Workbench& bench, const ModelConfig& shape, std::uint64_t salt) {
  FlatParameters on_cpu(shape);
  start_weights(on_cpu, bench.language(), bench.experiment().seed + salt);
  return std::move(on_cpu).on(bench.device());
}

ModelConfig item_model_shape(const Experiment& experiment) {
  return reward_model_config(experiment.reward_model(), {kItemHead});
}

SupervisedResult fit_model(RewardFit& fit, SupervisedTask& task, FlatParameters& parameters,
                           const FitConfig& config) {
  Workbench& bench = fit.bench;
  const SupervisedConfig loop = fit.loop(config);
  Trainer trainer(bench.learners(), parameters, config.optimizer, bench.pool(), bench.experiment().lanes(),
                  supervised_steps(task.examples(), loop), bench.sharding());
  return run_supervised(trainer, task, loop);
}

nlohmann::json to_json(const BinaryQuality& quality) {
  return {{"events", quality.events},
          {"rate", quality.rate},
          {"mean_prediction", quality.mean_prediction},
          {"auc", quality.auc},
          {"calibration_error", quality.calibration_error}};
}

void add_quality_row(Table& table, nlohmann::json& report, const std::string& model, const std::string& what,
                     const BinaryQuality& quality) {
  table.add_row(
      {model, what + " AUC", fmt::format("{:.3f}", quality.auc), fmt::format("{}", quality.events)});
  table.add_row({model, what + " calibration error", fmt::format("{:.4f}", quality.calibration_error),
                 fmt::format("{}", quality.events)});
  report[what] = to_json(quality);
}

/// How well a page model orders held-out pairs and predicts held-out clicks and purchases; adds rows to
/// `table`.
nlohmann::json page_model_report(RewardFit& fit, PageModelForm form, const FlatParameters& parameters,
                                 const std::vector<FeedbackPage>& held_out_pages,
                                 const std::vector<PagePair>& held_out_pairs, Table& table) {
  Workbench& bench = fit.bench;
  const std::string name = page_model_name(form);
  const RewardScale unscaled;
  const LearnedTermContext context{bench.language().vocabulary(), unscaled, bench.pool()};
  nlohmann::json report = {{"pairs", nlohmann::json::object()}};
  for (const PairAccuracy& family : pair_accuracy(
           bench.language(), bench.log(), held_out_pairs, [&](std::span<const RequestPages> groups) {
             return score_pages(context, parameters.view(), form, fit.gains, groups);
           })) {
    table.add_row({name, family.family + " pairs right", fmt::format("{:.3f}", family.accuracy),
                   fmt::format("{}", family.pairs)});
    report["pairs"][family.family] = {{"accuracy", family.accuracy}, {"pairs", family.pairs}};
  }
  if (form != PageModelForm::pairs) {
    const UtilityQuality quality =
        utility_quality(bench.language(), bench.log(), held_out_pages, parameters.view(), form, bench.pool());
    add_quality_row(table, report, name, "click", quality.click);
    add_quality_row(table, report, name, "purchase", quality.purchase);
  }
  return report;
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
    return start_parameters(bench, page_model_shape(bench.experiment(), form), 1);
  });
  PageModelTask task(bench.language(), bench.log(), std::move(train), std::move(held_out), config,
                     fit.config.gains.label_smoothing, fit.gains, bench.experiment().seed, bench.pool());
  const SupervisedResult result = fit_model(fit, task, parameters, config.fit);
  on_first_rank(bench.learners(), [&] {
    fmt::print("{}\n{}", name, curve_table(result, "loss a page"));
    write_curve(bench.run().file("curves/" + name + ".json"), result, "loss a page");
    reports[name] = page_model_report(fit, form, parameters, held_out_pages, held_out_pairs, table);
    save_model(bench.run().reward(name), parameters.view(), {"page-model", bench.language().hash(), 0, {}});
  });
}

FlatParameters start_of_item_model(const RewardFit& fit) {
  Workbench& bench = fit.bench;
  FlatParameters parameters = start_parameters(bench, item_model_shape(bench.experiment()), 2);
  if (fit.config.item.start == ItemStart::page) {
    const PageModelForm form = fit.config.page.form;
    parameters.load_shared(load_model(bench.run().reward(page_model_name(form)),
                                      page_model_shape(bench.experiment(), form), "page-model",
                                      bench.language().hash())
                               .view());
  }
  return parameters;
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
    return start_parameters(bench, page_model_shape(bench.experiment(), config.form), 3);
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
                   fit.propensities.by_slot(), std::move(held_out), fit.train_pairs},
                  reports);
  write_file_atomically(bench.run().reward("card.json"), card.dump(2) + "\n");
  write_file_atomically(bench.run().reward("card.md"), reward_card_markdown(card));
  for (const auto& sentence : card.at("weaknesses")) log_warn("{}", sentence.get<std::string>());
}

void fit_scales(RewardFit& fit) {
  Workbench& bench = fit.bench;
  const Experiment& experiment = bench.experiment();
  const GroupedPages pages = reference_pages(bench, fit.config.normaliser_pages);
  const RewardScale unscaled;
  const LearnedTermContext context{bench.language().vocabulary(), unscaled, bench.pool()};
  const FlatParameters item = load_model(bench.run().reward("item"), item_model_shape(experiment),
                                         "item-model", bench.language().hash())
                                  .on(bench.device());
  const auto item_scores = score_items(context, item.view(), pages.groups);
  for (PageModelForm form : page_forms(experiment)) {
    const std::string name = page_model_name(form);
    const FlatParameters page = load_model(bench.run().reward(name), page_model_shape(experiment, form),
                                           "page-model", bench.language().hash())
                                    .on(bench.device());
    const auto page_scores = score_pages(context, page.view(), form, fit.gains, pages.groups);
    fit_reward_scale(page_scores, item_scores, fit.config.clip)
        .save(bench.run().reward("scale-" + name + ".json"));
  }
}

}  // namespace

ModelConfig page_model_shape(const Experiment& experiment, PageModelForm form) {
  return reward_model_config(experiment.reward_model(), page_model_heads(form));
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
