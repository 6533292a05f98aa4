#include "launch/report/report.hpp"

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

struct ReportLink {
  const char* id;
  const char* words;
};

constexpr ReportLink kReportLinks[] = {{"verdict", "Verdict"},        {"pages", "Pages"},
                                       {"changes", "Changes"},        {"slices", "Who loses"},
                                       {"learning", "Learning"},      {"clicks", "Click models"},
                                       {"rewards", "Reward models"},  {"proxy", "Reward and truth"},
                                       {"hacking", "Reward hacking"}, {"validity", "Validity"},
                                       {"evaluation", "Figures"},     {"configuration", "Configuration"}};

std::string navigation() {
  std::string html = "<nav>";
  for (const ReportLink& link : kReportLinks)
    html += fmt::format("<a href=\"#{}\">{}</a>", link.id, link.words);
  return html + "</nav>\n";
}

}  // namespace

std::string report_html(const ReportData& data) {
  const std::string title = escape_html(data.title);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Pagewright: {}</title>\n<style>{}</style></head>\n<body>\n<header><p "
      "class=\"brand\">Pagewright report</p>"
      "<h1>{}</h1><p>Policy “{}” against “{}”</p></header>\n",
      title, report_style(), title, escape_html(data.policy), escape_html(data.baseline));
  html += navigation() + "<main>\n";
  html += verdict_section(data) + pages_section(data) + changes_section(data) + slices_section(data) +
          learning_section(data) + clicks_section(data) + rewards_section(data) + proxy_section(data) +
          hacking_section(data) + validity_section(data) + evaluation_section(data) +
          configuration_section(data);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace pagewright
