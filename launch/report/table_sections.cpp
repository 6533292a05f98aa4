// Validity, the evaluation's figures, and the configuration.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

/// Metrics that some row has, those named first in front.
std::vector<std::string> metric_columns(const std::vector<const MetricEstimates*>& rows) {
  std::set<std::string> names;
  for (const MetricEstimates* row : rows)
    for (const auto& [name, estimate] : *row) names.insert(name);
  std::vector<std::string> ordered;
  for (const char* first :
       {"true_utility", "true_gmv", "true_ctr", "gap_closed_utility", "ndcg@", "mrr", "hit@", "recall@"})
    for (const std::string& name : names)
      if (name.starts_with(first)) ordered.push_back(name);
  for (const std::string& name : names)
    if (std::find(ordered.begin(), ordered.end(), name) == ordered.end()) ordered.push_back(name);
  return ordered;
}

std::string estimate_cell(const MetricEstimates& metrics, const std::string& name, bool difference) {
  const auto found = metrics.find(name);
  if (found == metrics.end()) return "<td></td>";
  const Estimate& estimate = found->second;
  const bool interval = std::isfinite(estimate.low) && std::isfinite(estimate.high);
  const char* kind = !difference || !interval ? ""
                     : estimate.low > 0       ? " class=\"up\""
                     : estimate.high < 0      ? " class=\"down\""
                                              : "";
  const std::string mean = difference ? signed_text(estimate.mean) : number_text(estimate.mean);
  if (!interval) return fmt::format("<td{}>{}</td>", kind, mean);
  const auto end = [&](double value) { return difference ? signed_text(value) : number_text(value); };
  return fmt::format("<td{}>{}<small>{} to {}</small></td>", kind, mean, end(estimate.low),
                     end(estimate.high));
}

struct TableRow {
  std::string name;
  const MetricEstimates* metrics;
};

std::string metrics_table(const std::string& caption, const std::vector<TableRow>& rows, bool differences,
                          const std::string& marked) {
  std::vector<const MetricEstimates*> metrics;
  for (const TableRow& row : rows) metrics.push_back(row.metrics);
  const std::vector<std::string> columns = metric_columns(metrics);
  std::string html = "<p class=\"caption\">" + caption +
                     "</p>\n<div class=\"scroll\"><table class=\"wide\"><thead><tr><th></th>";
  for (const std::string& column : columns) html += "<th>" + escape_html(column) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const TableRow& row : rows) {
    html += fmt::format("<tr{}><th>{}</th>", row.name == marked ? " class=\"marked\"" : "",
                        escape_html(row.name));
    for (const std::string& column : columns) html += estimate_cell(*row.metrics, column, differences);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string evaluation_tables(const Evaluation& evaluation, const std::string& policy) {
  std::vector<TableRow> rows, differences;
  for (const PolicySummary& summary : evaluation.policies) rows.push_back({summary.name, &summary.metrics});
  for (const PolicySummary& summary : evaluation.first_slot)
    rows.push_back({summary.name + " (first slot)", &summary.metrics});
  for (const DifferenceSummary& difference : evaluation.differences)
    differences.push_back({difference.name(), &difference.metrics});
  std::string html = metrics_table(
      fmt::format(
          "{} requests of {} shoppers; means with 95 % intervals by shopper. “First slot” rows rank all "
          "candidates by the policy's preference for the first slot",
          count_text(evaluation.requests), count_text(evaluation.users)),
      rows, false, policy);
  if (!differences.empty())
    html += metrics_table("Paired differences on the same requests; coloured where the interval excludes 0",
                          differences, true, "");
  return html;
}

std::string cause_words(const PolicySummary& policy) {
  std::string causes;
  for (const auto& [cause, pages] : policy.causes)
    if (pages > 0)
      causes += fmt::format("{}{} ({})", causes.empty() ? "" : ", ", escape_html(cause), count_text(pages));
  return causes.empty() ? "–" : causes;
}

std::string validity_table(const Evaluation& evaluation) {
  std::string html =
      "<div class=\"scroll\"><table><thead><tr><th>policy</th><th>valid pages</th>"
      "<th class=\"words\">pages with a broken rule</th></tr></thead><tbody>\n";
  for (const PolicySummary& policy : evaluation.policies) {
    const auto validity = policy.metrics.find("validity");
    const double share = validity == policy.metrics.end() ? kNotMeasured : validity->second.mean;
    html += fmt::format("<tr><th>{}</th><td>{}</td><td class=\"words\">{}</td></tr>\n",
                        escape_html(policy.name), percent_text(share), cause_words(policy));
  }
  return html + "</tbody></table></div>";
}

std::string unconstrained_part(const EvaluationReport& report) {
  return fmt::format(
      "<h3>Without the grammar</h3>\n<p>Any token of the vocabulary may come at any place; baselines that "
      "are no models keep the rules all the same. The policies are "
      "{} "
      "(<code>warmup.vocabulary</code>).</p>\n{}",
      report.grammar == GrammarUse::off_trained_for ? "warmed up for this"
                                                    : "<b>not trained for this</b>: they learnt with the "
                                                      "grammar on, which says nothing about tokens that it "
                                                      "forbids",
      validity_table(report.all));
}

}  // namespace

std::string validity_section(const ReportData& data) {
  std::string html = "<section id=\"validity\"><h2>Are the pages valid?</h2>\n";
  const std::string without_grammar = data.unconstrained ? unconstrained_part(*data.unconstrained) : "";
  if (!data.evaluation)
    return html + missing_note(data.evaluation_problem) + without_grammar + "</section>\n";
  html +=
      "<p>A page is valid if it keeps every rule of the schema: sections, slots, no item twice, limits on "
      "ads, brands and "
      "prices.</p>\n" +
      validity_table(data.evaluation->all);
  return html + without_grammar + "</section>\n";
}

std::string evaluation_section(const ReportData& data) {
  std::string html = "<section id=\"evaluation\"><h2>All figures</h2>\n";
  if (!data.evaluation) return html + missing_note(data.evaluation_problem) + "</section>\n";
  html +=
      "<p>NDCG, MRR, hit and recall count what shoppers did on the pages that were shown, which favours the "
      "order shown. Where the true values are known, they decide.</p>\n";
  html += evaluation_tables(data.evaluation->all, data.policy);
  for (const auto& [name, evaluation] : data.evaluation->slices)
    html += "<h3>" + escape_html(name) + "</h3>\n" + evaluation_tables(evaluation, data.policy);
  return html + "</section>\n";
}

std::string configuration_section(const ReportData& data) {
  std::string html = "<section id=\"configuration\"><h2>Configuration</h2>\n";
  if (data.effective_yaml.empty())
    return html + missing_note("The configuration in force is not known.") + "</section>\n";
  return html + "<details><summary>The configuration in force, defaults written out</summary><pre>" +
         escape_html(data.effective_yaml) + "</pre></details></section>\n";
}

}  // namespace pagewright
