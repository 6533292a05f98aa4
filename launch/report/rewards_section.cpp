// What the reward models are worth: figures on held-out users, reliability, weaknesses.
#include <algorithm>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

std::string reward_table(const std::vector<RewardFigure>& figures) {
  if (figures.empty()) return missing_note("No reward models were fitted; `pagewright fit-reward` does it.");
  std::string html =
      "<div class=\"scroll\"><table><caption>Reward models on held-out users (pairs right: .5 is "
      "guessing)</caption><thead>"
      "<tr><th>model</th><th class=\"words\">measure</th><th>value</th><th>count</th></tr></thead><tbody>\n";
  for (const RewardFigure& figure : figures)
    html += fmt::format("<tr><th>{}</th><td class=\"words\">{}</td><td>{:.3f}</td><td>{}</td></tr>\n",
                        escape_html(figure.model), escape_html(figure.name), figure.value,
                        count_text(figure.count));
  return html + "</tbody></table></div>\n";
}

/// Curves of one model's event, before and after calibration where there was one.
std::string reliability_figure(const std::vector<ReliabilityRecord>& records, const ReliabilityRecord& last) {
  Plot plot{fmt::format("{}: {}", last.model, last.event),
            "predicted probability",
            "share seen",
            "",
            {},
            {},
            false};
  double low = 1, high = 0;
  for (const ReliabilityRecord& record : records) {
    if (record.model != last.model || record.event != last.event) continue;
    PlotSeries series{fmt::format("error {:.4f}{}", record.error, record.before ? " before calibration" : ""),
                      {},
                      record.before ? 1 : 0,
                      record.before};
    for (const ReliabilityRecord::Bin& bin : record.bins) {
      series.points.push_back({bin.predicted, bin.seen});
      low = std::min(low, bin.predicted);
      high = std::max(high, bin.predicted);
    }
    plot.series.push_back(std::move(series));
  }
  plot.series.push_back({"as often as predicted", {{low, low}, {high, high}}, 5, true});
  return plot_figure(plot);
}

std::string reliability_figures(const std::vector<ReliabilityRecord>& records) {
  if (records.empty()) return "";
  std::string html =
      "<h3>Do predicted probabilities come true?</h3>\n<p>Held-out slots in ten groups of equal size by "
      "prediction; "
      "purchases and carts among clicked slots. On the dashed diagonal events happen as often as predicted; "
      "the error is "
      "the mean distance from it.</p>\n<div class=\"plots\">\n";
  for (const ReliabilityRecord& record : records)
    if (!record.before) html += reliability_figure(records, record);
  return html + "</div>\n";
}

std::string weakness_list(const std::vector<std::string>& weaknesses) {
  if (weaknesses.empty()) return "";
  std::string html = "<h3>Known weaknesses</h3><ul>\n";
  for (const std::string& weakness : weaknesses) html += "<li>" + escape_html(weakness) + "</li>\n";
  return html + "</ul>\n";
}

}  // namespace

std::string rewards_section(const ReportData& data) {
  const RunRecords& records = data.records;
  return "<section id=\"rewards\"><h2>Reward models</h2>\n" + reward_table(records.reward_figures) +
         reliability_figures(records.reward_card.reliability) +
         weakness_list(records.reward_card.weaknesses) + "</section>\n";
}

}  // namespace pagewright
