#pragma once
#include <filesystem>

#include "core/page/page_schema.hpp"
#include "rewards/clicks/clicks_config.hpp"

namespace pagewright {

/// What estimators of item gains need beside the log.
struct GainSources {
  const PageSchema* schema = nullptr;  ///< for positions: regression_em, dla, trust, pairwise
  ClicksConfig clicks;                 ///< how regression_em, dla and pairwise see documents
  std::filesystem::path click_folder;  ///< what `fit-clicks` wrote: trust, propensities: click_model
};

}  // namespace pagewright
