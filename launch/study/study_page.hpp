#pragma once
// study.html: the results of a study as one file that needs nothing beside it.

#include <string>

#include "launch/study/study_plan.hpp"
#include "launch/study/study_results.hpp"
#include "launch/study/study_runner.hpp"

namespace pagewright {

std::string study_html(const StudyPlan& plan, const StudyConfig& config, const StudyResults& results,
                       const StudySummary& summary);

}  // namespace pagewright
