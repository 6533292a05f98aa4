#pragma once
// The report's sections, each as HTML from its headline on. What is missing is said in words.

#include <string>

#include "launch/report/report_data.hpp"

namespace pagewright {

std::string verdict_section(const ReportData& data);
std::string pages_section(const ReportData& data);
std::string changes_section(const ReportData& data);
std::string slices_section(const ReportData& data);
std::string learning_section(const ReportData& data);
std::string clicks_section(const ReportData& data);
std::string rewards_section(const ReportData& data);
std::string proxy_section(const ReportData& data);
std::string hacking_section(const ReportData& data);
std::string validity_section(const ReportData& data);
std::string evaluation_section(const ReportData& data);
std::string configuration_section(const ReportData& data);

}  // namespace pagewright
