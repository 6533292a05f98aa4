#pragma once
// Fitted click models as files: <folder>/<model>.json and <folder>/choice.json (docs/rewards.md).

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/position_identification.hpp"

namespace pagewright {

/// Writes one file for each model and the choice, which is written last. The folder is made if it is not
/// there. `view` is the fitted log's.
void write_click_models(const std::filesystem::path& folder, const std::vector<FittedClicks>& fitted,
                        std::size_t chosen, const PositionIdentification& identification,
                        const ClickView& view);

/// A click model as its file has it.
struct StoredClicks {
  FittedClicks clicks;
  ClickView view;  ///< of the log that it was fitted to
};

/// A model of the folder. Throws Error, which names the file, if it is not there or is not such a file.
StoredClicks read_click_model(const std::filesystem::path& folder, const std::string& model);

/// The model with its parameters over the documents and positions of another log, which `space`, of the same
/// view, must outlive. A document that training never showed has the mean of the fitted log. Throws Error,
/// which names it, for a position or rank that the fit has not seen.
std::unique_ptr<ClickModel> restore_click_model(const StoredClicks& stored, const ClickSpace& space);

/// What `fit-clicks` found.
struct ClickChoice {
  std::string chosen;  ///< name of a model
  std::string by;      ///< "held-out perplexity", or "training log-likelihood"
  ClickPages pages = ClickPages::all;
  std::string identification;
  std::vector<std::string> models;  ///< that were fitted, simple ones first
};
/// Throws Error if `fit-clicks` did not run.
ClickChoice read_click_choice(const std::filesystem::path& folder);

/// Examination by page-order slot, relative to the first, of a click model of the folder: the named one, or
/// the chosen one. Throws Error if `fit-clicks` did not run, did not fit the model, or if the model has no
/// examination by position.
std::vector<double> read_click_examination(const std::filesystem::path& folder,
                                           const std::optional<std::string>& model);

/// Parameters of one kind of a click model of the folder, by what they belong to: a position for
/// "examination" and "trust". Throws Error as read_click_examination() does.
std::map<std::string, double> read_click_parameters(const std::filesystem::path& folder,
                                                    const std::string& model, const std::string& kind);

/// Models whose examination depends on the position alone.
const std::vector<std::string>& models_with_examination();

}  // namespace pagewright
