#pragma once
// What `fit-reward` does and what `train` and `report` read back.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "distributed/flat_parameters.hpp"
#include "launch/workbench.hpp"
#include "rewards/models/reward_scale.hpp"

namespace pagewright {

/// Name of the page model's folder: "page-utility", "page-pairs", "page-both".
std::string page_model_name(PageModelForm form);

/// Shape of a page model: the policy's backbone with the form's heads.
ModelConfig page_model_shape(const Experiment& experiment, PageModelForm form);

/// The page forms that an experiment needs: the default one and those its policies name; each once.
std::vector<PageModelForm> page_forms(const Experiment& experiment);

/// Fits all page forms and the item model on the training split, reports accuracy on the validation split,
/// fits the scales on pages of the warm-up policy (which must exist), writes everything under rewards/ and
/// prints a table.
void fit_rewards(Workbench& bench);

/// Writes the pairs of training and validation users to a file, which `rewards.pairs.file` reads back, and
/// prints what there are.
void write_page_pairs(Workbench& bench, const std::filesystem::path& path);

/// Models and scale that one policy learns from.
struct FittedRewards {
  FlatParameters page;
  FlatParameters item;
  RewardScale scale;
};
/// Throws Error that says to run `fit-reward` if something is missing.
FittedRewards load_rewards(Workbench& bench, PageModelForm form);

}  // namespace pagewright
