#include "launch/study/study_stages.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {
namespace {

struct StageNames {
  const char* name;
  const char* verb;
};
constexpr std::array<StageNames, 7> kStages{{{"log", "simulate"},
                                             {"imitation", "sft"},
                                             {"warmup", "sft"},
                                             {"clicks", "fit-clicks"},
                                             {"rewards", "fit-reward"},
                                             {"train", "train"},
                                             {"evaluate", "evaluate"}}};

/// "ppo" is above "ppo.lanes", "policies" above "policies[0].name".
bool lies_under(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '[');
}

bool lies_under_any(std::string_view path, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return lies_under(path, prefix); });
}

/// What the logs of a shop do not depend on: all that comes after it.
constexpr std::string_view kNotOfLogs[] = {
    "log_pages", "prompt", "model",       "warmup",          "rewards",   "ppo",         "critic",
    "policies",  "device", "distributed", "candidate_order", "precision", "allow_oracle"};
constexpr std::string_view kNotOfWarmups[] = {"watch",  "rewards",  "ppo",
                                              "critic", "policies", "allow_oracle"};
constexpr std::string_view kNotOfClicks[] = {"watch",
                                             "rewards.swap",
                                             "prompt",
                                             "model",
                                             "warmup",
                                             "ppo",
                                             "critic",
                                             "policies",
                                             "device",
                                             "distributed",
                                             "candidate_order",
                                             "precision",
                                             "allow_oracle",
                                             "rewards.page",
                                             "rewards.item",
                                             "rewards.pairs",
                                             "rewards.model",
                                             "rewards.terms",
                                             "rewards.alpha",
                                             "rewards.item_credit",
                                             "rewards.diversity",
                                             "rewards.oracle",
                                             "rewards.clip",
                                             "rewards.invalid",
                                             "rewards.normaliser_pages"};
constexpr std::string_view kNotOfRewards[] = {"watch",
                                              "rewards.swap",
                                              "ppo",
                                              "critic",
                                              "policies",
                                              "allow_oracle",
                                              "rewards.alpha",
                                              "rewards.terms",
                                              "rewards.invalid",
                                              "rewards.item_credit",
                                              "rewards.diversity",
                                              "rewards.oracle"};

std::span<const std::string_view> left_out(StudyStage stage) {
  switch (stage) {
    case StudyStage::log:
      return kNotOfLogs;
    case StudyStage::imitation:
    case StudyStage::warmup:
      return kNotOfWarmups;
    case StudyStage::clicks:
      return kNotOfClicks;
    case StudyStage::rewards:
      return kNotOfRewards;
    case StudyStage::train:
    case StudyStage::evaluate:
      return {};
  }
  fail("unknown stage of a study");
}

/// The lanes say how sums are taken, wherever something is learnt.
bool counts(StudyStage stage, const std::string& path) {
  if (path == "run" || path == "log") return false;
  if (lies_under(path, "evaluation")) return stage == StudyStage::evaluate;
  if (is_free_key(path)) return false;
  if (path == "ppo.lanes") return stage != StudyStage::log && stage != StudyStage::clicks;
  return !lies_under_any(path, left_out(stage));
}

/// The pretrained models that an experiment starts from, by the key that names them.
std::vector<std::pair<std::string, std::filesystem::path>> model_folders(const Experiment& experiment) {
  std::vector<std::pair<std::string, std::filesystem::path>> folders{{"model.path", experiment.model.path}};
  if (experiment.reward_backbone)
    folders.emplace_back("rewards.model.path", experiment.reward_backbone->path);
  if (experiment.critic_backbone) folders.emplace_back("critic.model.path", experiment.critic_backbone->path);
  std::erase_if(folders, [](const auto& folder) { return folder.second.empty(); });
  return folders;
}

}  // namespace

std::string stage_name(StudyStage stage) {
  return kStages.at(static_cast<std::size_t>(stage)).name;
}

std::string stage_verb(StudyStage stage) {
  return kStages.at(static_cast<std::size_t>(stage)).verb;
}

bool needs_click_models(const Experiment& experiment) {
  const GainConfig& gains = experiment.rewards.gains;
  return gains.propensities == PropensitySource::click_model || gains.estimator == GainEstimator::trust;
}

std::string stage_configuration(StudyStage stage, const LoadedExperiment& loaded, ContentHashes& contents) {
  std::string text;
  for (const auto& [path, value] : loaded.values)
    if (counts(stage, path)) text += fmt::format("{}: {}\n", path, value);
  // The value head of a shared critic is part of the policy.
  if (stage == StudyStage::imitation || stage == StudyStage::warmup)
    text += fmt::format("separate critic: {}\n", loaded.experiment.critic.separate());
  if (stage == StudyStage::rewards && loaded.experiment.rewards.pairs.file)
    text += fmt::format("pairs: {}\n", contents.of_file(*loaded.experiment.rewards.pairs.file));
  for (const auto& [key, folder] : model_folders(loaded.experiment))
    if (counts(stage, key)) text += fmt::format("{}: {}\n", key, contents.of_model(folder));
  // What a program of the user's computes is in its files.
  if (stage == StudyStage::train || stage == StudyStage::evaluate)
    for (const TermConfig& term : loaded.experiment.terms)
      for (const std::string& part : term.external.program)
        if (std::filesystem::is_regular_file(part))
          text += fmt::format("program of {}: {}\n", term.name, contents.of_file(part));
  // fit-reward makes the page models that policies ask for, and looks at nothing else of them.
  if (stage == StudyStage::rewards)
    for (const PolicyVariant& policy : loaded.experiment.policies)
      if (policy.page_form != loaded.experiment.rewards.page.form)
        text += fmt::format("policies need page model: {}\n", static_cast<int>(policy.page_form));
  return text;
}

}  // namespace pagewright
