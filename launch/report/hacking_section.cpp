// Whether policies exploit their reward: the reward beside the judge and the truth, and the alarms.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

/// The square root of the divergence, along which over-optimisation is regular (Gao, Schulman, Hilton 2023).
double watched_distance(const MetricsRecord& record) {
  const auto kl = record.metrics.find("kl_per_page");
  return kl == record.metrics.end() ? kNotMeasured : std::sqrt(std::max(0.0, kl->second));
}

double watched_metric(const MetricsRecord& record, const std::string& metric) {
  const auto found = record.metrics.find(metric);
  return found == record.metrics.end() ? kNotMeasured : found->second;
}

/// The reward averaged over the iterations since the judge was last asked, where it was asked, and what
/// `metric` said there.
PlotSeries measured_series(const TrainingRecord& training, const std::string& metric) {
  PlotSeries series;
  double sum = 0, count = 0;
  for (const MetricsRecord& record : training.metrics) {
    sum += watched_metric(record, "reward");
    count += 1;
    if (!record.metrics.contains("held_out_reward") && !record.metrics.contains("true_utility")) continue;
    series.points.push_back(
        {watched_distance(record), metric == "reward" ? sum / count : watched_metric(record, metric)});
    sum = count = 0;
  }
  return series;
}

bool was_measured(const PlotSeries& series) {
  return std::ranges::any_of(series.points, [](const PlotPoint& point) { return std::isfinite(point.y); });
}

std::string watch_figure(const TrainingRecord& training) {
  Plot plot{training.policy + ": reward, judge and truth",
            "square root of KL from the warm-up, nats a page",
            "learned reward a page",
            "judge's reward, true worth",
            {},
            {},
            false};
  int color = 0;
  for (const auto& [metric, words] :
       {std::pair{"reward", "learned reward"}, std::pair{"held_out_reward", "held-out judge"},
        std::pair{"true_utility", "true worth"}}) {
    PlotSeries series = measured_series(training, metric);
    series.name = words;
    series.color = color;
    series.on_right = color > 0;
    ++color;
    if (was_measured(series)) plot.series.push_back(std::move(series));
  }
  return plot.series.size() > 1 ? plot_figure(plot) : "";
}

std::string alarm_list(const std::vector<TrainingRecord>& trainings) {
  std::string items;
  for (const TrainingRecord& training : trainings) {
    for (const Alarm& alarm : training.alarms.alarms)
      items += fmt::format("<li><b>{}</b>, iteration {}: {}. <i>What to do:</i> {}.</li>\n",
                           escape_html(training.policy), alarm.iteration, escape_html(alarm.sentence),
                           escape_html(alarm.action));
    if (training.alarms.stopped_after)
      items += fmt::format("<li><b>{}</b> was ended by an alarm after {} iterations.</li>\n",
                           escape_html(training.policy), *training.alarms.stopped_after);
  }
  if (items.empty()) return "<p>No alarm was raised.</p>\n";
  return "<div class=\"warning\"><h3>Alarms</h3><ul>\n" + items + "</ul></div>\n";
}

}  // namespace

std::string hacking_section(const ReportData& data) {
  std::string html = "<section id=\"hacking\"><h2>Reward hacking watch</h2>\n";
  if (data.records.trainings.empty())
    return html + missing_note("No policy was trained yet; `pagewright train` does it.") + "</section>\n";
  html +=
      "<p>Against the distance from the warm-up: the reward that a policy learns from (left axis, averaged "
      "between measurements), and on the right axis what a judge fitted to validation users alone says of "
      "its "
      "pages, and the true worth where it is known. As long as they rise together the policy becomes better; "
      "where the reward rises on and the judge's falls, it exploits the reward model.</p>\n" +
      alarm_list(data.records.trainings) + "<div class=\"plots\">\n";
  std::string figures;
  for (const TrainingRecord& training : data.records.trainings) figures += watch_figure(training);
  html += figures + "</div>\n";
  if (figures.empty())
    html += missing_note("Neither a judge nor the truth was there; `pagewright fit-reward` fits a judge.");
  return html + "</section>\n";
}

}  // namespace pagewright
