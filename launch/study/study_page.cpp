#include "launch/study/study_page.hpp"

#include <cmath>
#include <map>

#include <fmt/ranges.h>

#include "core/base/progress.hpp"
#include "launch/report/html.hpp"
#include "launch/report/interval_plot.hpp"
#include "launch/report/report.hpp"
#include "launch/study/study_folder.hpp"

namespace pagewright {
namespace {

double shown_difference(const StudyMeasure& measure, double difference) {
  return measure.relative ? 100 * difference / measure.baseline_mean : difference;
}

std::string measure_figure(const StudyResults& results, const StudyMeasure& measure) {
  IntervalPlot plot{fmt::format("Against {}, with 95 % intervals{}", results.baseline,
                                results.seeds.size() > 1 ? " and each seed" : ""),
                    fmt::format("difference to {}{}", results.baseline, measure.relative ? ", %" : ""),
                    {}};
  for (const StudyCellResult& cell : measure.cells) {
    if (cell.cell == results.baseline) continue;
    IntervalRow row{cell.cell,
                    shown_difference(measure, cell.difference.mean),
                    shown_difference(measure, cell.difference.low),
                    shown_difference(measure, cell.difference.high),
                    {}};
    if (results.seeds.size() > 1)
      for (const double value : cell.differences) row.points.push_back(shown_difference(measure, value));
    plot.rows.push_back(std::move(row));
  }
  return plot.rows.empty() ? "" : interval_figure(plot);
}

std::string study_estimate_cell(const StudyMeasure& measure, const Estimate& estimate, double base) {
  if (estimate.n == 0) return "<td></td>";
  const std::string mean = escape_html(study_difference_text(measure, estimate.mean, base));
  if (!std::isfinite(estimate.low)) return "<td>" + mean + "</td>";
  return fmt::format("<td{}>{}<small>{} to {}</small></td>",
                     estimate.low > 0    ? " class=\"up\""
                     : estimate.high < 0 ? " class=\"down\""
                                         : "",
                     mean, study_difference_text(measure, estimate.low, base),
                     study_difference_text(measure, estimate.high, base));
}

std::string measure_table(const StudyResults& results, const StudyMeasure& measure) {
  std::string html = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th>cell</th><th>mean</th><th>against {}</th><th>above "
      "in</th>",
      escape_html(results.baseline));
  if (!measure.policy.empty())
    for (const std::string& reference : results.references)
      html += "<th>against its " + escape_html(reference) + "</th>";
  for (const std::uint64_t seed : results.seeds) html += fmt::format("<th>seed {}</th>", seed);
  html += "</tr></thead><tbody>\n";
  for (const StudyCellResult& cell : measure.cells) {
    const bool base = cell.cell == results.baseline;
    html +=
        fmt::format("<tr{}><th>{}</th><td>{}</td>{}<td>{}</td>", base ? " class=\"marked\"" : "",
                    escape_html(cell.cell), number_text(cell.mean.mean),
                    base ? "<td></td>" : study_estimate_cell(measure, cell.difference, measure.baseline_mean),
                    base ? "" : fmt::format("{} of {}", cell.better, cell.compared));
    for (const Estimate& over : cell.over)
      html += study_estimate_cell(measure, over, cell.mean.mean - over.mean);
    for (const double value : cell.values) html += "<td>" + number_text(value) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string cells_section(const StudyConfig& config) {
  std::string html =
      "<section id=\"cells\"><h2>Cells</h2>\n<div class=\"scroll\"><table><thead><tr><th>cell</th><th "
      "class=\"words\">keys that were set</th></tr></thead><tbody>\n";
  for (const StudyCell& cell : study_cells(config))
    html +=
        fmt::format("<tr><th>{}</th><td class=\"words\">{}</td></tr>\n", escape_html(cell.name),
                    cell.sets.empty() ? "none" : escape_html(fmt::format("{}", fmt::join(cell.sets, ", "))));
  return html + "</tbody></table></div>\n</section>\n";
}

std::string work_section(const StudyPlan& plan, const StudySummary& summary) {
  struct Work {
    int jobs = 0;
    double seconds = 0;
  };
  std::map<StudyStage, Work> stages;
  double all = 0;
  for (const StudyJob& job : plan.jobs)
    if (const std::optional<double> seconds = job_seconds(plan, job)) {
      ++stages[job.stage].jobs;
      stages[job.stage].seconds += *seconds;
      all += *seconds;
    }
  std::string html = fmt::format(
      "<section id=\"work\"><h2>Work</h2>\n<p>{} jobs took {} together, {} of them in the last start, which "
      "took {}.</p>\n<div class=\"scroll\"><table><thead><tr><th>stage</th><th>jobs</th><th>mean "
      "time</th></tr></thead><tbody>\n",
      plan.jobs.size(), duration_text(all), summary.ran, duration_text(summary.seconds));
  for (const auto& [stage, work] : stages)
    html += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td></tr>\n", stage_name(stage), work.jobs,
                        duration_text(work.seconds / work.jobs));
  html += "</tbody></table></div>\n";
  for (const std::string& problem : summary.problems)
    html += "<p class=\"warning\">" + escape_html(problem) + "</p>\n";
  return html + "</section>\n";
}

/// What the intervals allow to say, in a sentence for each measure.
std::string study_verdict(const StudyResults& results) {
  std::string html = "<ul class=\"plain\">\n";
  for (const StudyMeasure& measure : results.measures) {
    std::vector<std::string> above, below, open;
    for (const StudyCellResult& cell : measure.cells) {
      if (cell.cell == results.baseline || cell.difference.n == 0) continue;
      (cell.difference.low > 0 ? above : cell.difference.high < 0 ? below : open).push_back(cell.cell);
    }
    if (above.empty() && below.empty() && open.empty()) continue;
    const auto list = [](const std::vector<std::string>& cells) {
      return cells.empty() ? std::string("none") : escape_html(fmt::format("{}", fmt::join(cells, ", ")));
    };
    html += fmt::format("<li><b>{}</b>: above {}: {}; below: {}; not decided: {}.</li>\n",
                        escape_html(measure.title()), escape_html(results.baseline), list(above), list(below),
                        list(open));
  }
  return html + "</ul>\n";
}

}  // namespace

std::string study_html(const StudyPlan& plan, const StudyConfig& config, const StudyResults& results,
                       const StudySummary& summary) {
  const std::string title =
      escape_html(std::filesystem::absolute(plan.folder).lexically_normal().filename().string());
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Pagewright study: {}</title>\n<style>{}</style></head>\n<body>\n<header><p "
      "class=\"brand\">Pagewright study</p><h1>{}</h1><p>{} cells, seeds {}; compared with "
      "“{}”</p></header>\n"
      "<nav><a href=\"#verdict\">Verdict</a><a href=\"#measures\">Measures</a><a "
      "href=\"#cells\">Cells</a><a href=\"#work\">Work</a></nav>\n<main>\n",
      title, report_style(), title, plan.cells.size(), fmt::join(plan.seeds, ", "),
      escape_html(results.baseline));
  html += "<section id=\"verdict\"><h2>What the intervals say</h2>\n";
  html += results.measures.empty() ? missing_note("No cell is complete yet.") : study_verdict(results);
  html +=
      fmt::format("<p class=\"note\">{}</p></section>\n",
                  results.seeds.size() == 1
                      ? "One seed: differences are paired by request, intervals by bootstrap over users. "
                        "They do not hold "
                        "how much training varies."
                      : "Differences are paired by seed: each seed has its own shop, log and start. "
                        "Intervals are Student's "
                        "t over seeds, 95 %; with many cells about one in twenty leaves out 0 by chance.");
  html += "<section id=\"measures\"><h2>Measures</h2>\n";
  for (const StudyMeasure& measure : results.measures)
    html += "<h3>" + escape_html(measure.title()) + "</h3>\n" + measure_figure(results, measure) +
            measure_table(results, measure);
  html += "</section>\n" + cells_section(config) + work_section(plan, summary);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace pagewright
