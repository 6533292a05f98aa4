#pragma once
// The report: one HTML file that needs nothing beside it.

#include <string>

#include "launch/report/report_data.hpp"

namespace pagewright {

/// The whole file: no script, no outside resource; light and dark, narrow and wide, screen and paper.
std::string report_html(const ReportData& data);

/// Its style sheet.
const char* report_style();

}  // namespace pagewright
