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
#include "launch/model_folder.hpp"
#include "launch/reward_fits.hpp"
#include "rewards/feedback/pair_file.hpp"
#include "rewards/feedback/pair_report.hpp"
#include "rewards/models/reward_card.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kScaleIteration =
    1U << 29;  ///< "iteration" of the pages over which rewards are normalised

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

void write_pair_report(const RewardFit& fit) {
  nlohmann::json report = {{"format", "pagewright-pair-report"}, {"version", 1}};
  for (const auto& [split, key] : {std::pair(Split::valid, "held_out"), {Split::train, "train"}}) {
    const auto made = fit.page_pairs.find(split);
    if (made == fit.page_pairs.end()) continue;
    report[key] = pair_report(made->second);
    fmt::print("pairs of the {} users\n{}", split == Split::valid ? "validation" : "training",
               pair_table(made->second));
  }
  write_file_atomically(fit.bench.run().reward("pairs.json"), report.dump(2) + "\n");
}

void write_card(RewardFit& fit, const nlohmann::json& reports) {
  Workbench& bench = fit.bench;
  write_pair_report(fit);
  std::optional<PairSet> train_pairs;
  if (const auto made = fit.page_pairs.find(Split::train); made != fit.page_pairs.end())
    train_pairs = std::move(made->second);
  const nlohmann::json card =
      reward_card({bench.experiment().log.string(), count_feedback(bench.log(), fit.pages(Split::train)),
                   count_feedback(bench.log(), fit.pages(Split::valid)), fit.config.gains, fit.gains,
                   fit.item_gains.propensity_by_slot(), std::move(fit.page_pairs.at(Split::valid)),
                   std::move(train_pairs)},
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
    if (std::find(forms.begin(), forms.end(), policy.page_form) == forms.end())
      forms.push_back(policy.page_form);
  return forms;
}

void fit_rewards(Workbench& bench) {
  std::optional<RewardFit> fit;
  std::vector<SwapPair> swaps;
  const std::vector<PageModelForm> forms = page_forms(bench.experiment());
  std::vector<Split> paired{Split::valid};
  if (std::any_of(forms.begin(), forms.end(), [](auto form) { return form != PageModelForm::utility; }))
    paired.push_back(Split::train);
  on_all_ranks(bench.learners(), [&] {
    fit.emplace(bench);
    swaps = fit->swaps(Split::train);
    require(
        !swaps.empty(),
        "{}: no training page has two slots of different gain, so the item model has nothing to learn from; "
        "pages need several slots, and clicks on some of them",
        bench.experiment().log.string());
    fit->page_pairs = fit->pairs(paired);
  });
  log_info("gains: click {}, purchase {} at the mean purchased price of {:.0f} minor units", fit->gains.click,
           fit->gains.purchase, fit->gains.price_ref);
  Table table({"model", "on held-out users", "value", "count"});
  nlohmann::json reports;
  for (PageModelForm form : forms) fit_page_model(*fit, form, table, reports);
  fit_item_model(*fit, swaps, table, reports);
  fit_judge(*fit);
  on_first_rank(bench.learners(), [&] {
    fit_scales(*fit);
    write_file_atomically(bench.run().reward("report.json"), reports.dump(2) + "\n");
    write_card(*fit, reports);
    fmt::print("{}reward models are in {}; card.md says what they are good for\n", table.to_string(),
               bench.run().reward("").string());
  });
}

void write_page_pairs(Workbench& bench, const std::filesystem::path& path) {
  on_first_rank(bench.learners(), [&] {
    const RewardFit fit(bench);
    PairFileHead head{bench.experiment().log.string(), log_hash(bench.log()), {}};
    const bool clicks = fits_clicks(bench.experiment().rewards.gains.estimator);
    for (const auto& [key, value] : bench.loaded().values)
      if (key == "seed" || key.starts_with("rewards.pairs.") || key.starts_with("rewards.gains.") ||
          (clicks && key.starts_with("rewards.clicks.")))
        head.configuration[key] = value;
    const std::map<Split, PairSet> pairs = fit.pairs({Split::train, Split::valid});
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
