#pragma once
#include <memory>
#include <string>
#include <vector>

#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// Names of all click models, simple ones first.
const std::vector<std::string>& click_model_names();

/// The model of this name. Throws Error, which lists all names, for another.
std::unique_ptr<ClickModel> make_click_model(const std::string& name);

}  // namespace pagewright
