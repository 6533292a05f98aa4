#pragma once
// Fitted click models as files: <folder>/<model>.json and <folder>/choice.json (docs/rewards.md).

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/position_identification.hpp"

namespace pagewright {

/// Writes one file for each model and the choice, which is written last. The folder is made if it is not
/// there.
void write_click_models(const std::filesystem::path& folder, const std::vector<FittedClicks>& fitted,
                        std::size_t chosen, const PositionIdentification& identification,
                        ClickDocuments documents);

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
