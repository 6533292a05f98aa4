#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/sections.hpp"
#include "launch/report/verdict.hpp"

namespace pagewright {
namespace {

const char* verdict_class(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::better:
      return "good";
    case VerdictKind::worse:
      return "bad";
    case VerdictKind::mixed:
      return "mixed";
    default:
      return "open";
  }
}

std::string figure_tile(const VerdictFigure& figure) {
  const char* kind = figure.sign() > 0 ? "good" : figure.sign() < 0 ? "bad" : "open";
  return fmt::format(
      "<div class=\"tile-figure {}\"><span>{}</span><b>{}</b><small>{} to {} with 95 % "
      "confidence</small></div>\n",
      kind, escape_html(figure.name), signed_percent(figure.change), signed_percent(figure.low),
      signed_percent(figure.high));
}

std::string verdict_card(const Verdict& verdict, const std::string& above) {
  std::string html = fmt::format("<div class=\"verdict {}\">{}<p class=\"headline\">{}</p>\n<p>{}</p>\n",
                                 verdict_class(verdict.kind), above, escape_html(verdict.headline),
                                 escape_html(verdict.sentence));
  if (!verdict.figures.empty()) {
    html += "<div class=\"figures\">\n";
    for (const VerdictFigure& figure : verdict.figures) html += figure_tile(figure);
    html += "</div>\n";
  }
  if (!verdict.surety.empty()) html += "<p class=\"surety\">" + escape_html(verdict.surety) + "</p>\n";
  return html + "</div>\n";
}

/// One line per further comparison: the policy against every other baseline.
std::string other_comparisons(const ReportData& data, const Evaluation& evaluation) {
  std::string rows;
  for (const char* baseline : {"logged", "imitation", "warmup"}) {
    if (baseline == data.baseline) continue;
    const Verdict verdict = judge(evaluation, data.policy, baseline);
    if (verdict.kind == VerdictKind::unknown) continue;
    rows += fmt::format("<li><b class=\"{}\">{}</b>. {}</li>\n", verdict_class(verdict.kind),
                        escape_html(verdict.headline), escape_html(verdict.sentence));
  }
  return rows.empty() ? rows : "<h3>Against other baselines</h3>\n<ul class=\"plain\">\n" + rows + "</ul>\n";
}

}  // namespace

std::string verdict_section(const ReportData& data) {
  std::string html = "<section id=\"verdict\">\n";
  if (!data.evaluation)
    return html + "<div class=\"verdict open\"><p class=\"headline\">No verdict</p></div>\n" +
           missing_note(data.evaluation_problem) + "</section>\n";
  html += verdict_card(judge(data.evaluation->all, data.policy, data.baseline), "");
  if (data.saw_the_truth)
    html +=
        "<p class=\"warning\">A reward term of this run looked at the simulator's truth: its policies prove "
        "nothing about "
        "learning from a log.</p>\n";
  if (data.sees_logged_rank)
    html +=
        "<p class=\"note\">The policies of this run see the logged rank: they are re-rankers of the logged "
        "order.</p>\n";
  for (const auto& [name, evaluation] : data.evaluation->slices)
    html += verdict_card(judge(evaluation, data.policy, data.baseline),
                         "<p class=\"over\">Of these: " + escape_html(name) + "</p>");
  return html + other_comparisons(data, data.evaluation->all) + "</section>\n";
}

}  // namespace pagewright
