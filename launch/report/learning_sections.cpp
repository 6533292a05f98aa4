// How the models learnt, and what the policies' own reward says beside the truth.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

/// Losses per token and per page do not share an axis.
bool same_scale(const CurveRecord& curve) {
  const CurveRecord::Point& last = curve.points.back();
  return last.train_loss > last.held_out_loss / 3 && last.train_loss < 3 * last.held_out_loss;
}

std::string curve_figure(const CurveRecord& curve) {
  Plot plot{curve.name, "epoch", curve.unit, "", {}, {}, false};
  PlotSeries held_out{"held out", {}, 0, false}, train{"training", {}, 1, true};
  for (const CurveRecord::Point& point : curve.points) {
    held_out.points.push_back({point.epoch, point.held_out_loss});
    train.points.push_back({point.epoch, point.train_loss});
  }
  plot.series.push_back(held_out);
  if (!curve.points.empty() && same_scale(curve)) plot.series.push_back(train);
  if (curve.best < held_out.points.size())
    plot.marks.push_back({"kept", held_out.points[curve.best].x, held_out.points[curve.best].y, kNotMeasured,
                          kNotMeasured, 0});
  return plot_figure(plot);
}

bool has_metric(const std::vector<TrainingRecord>& trainings, const std::string& metric) {
  return std::any_of(trainings.begin(), trainings.end(), [&](const TrainingRecord& training) {
    return std::any_of(training.metrics.begin(), training.metrics.end(),
                       [&](const MetricsRecord& record) { return record.metrics.contains(metric); });
  });
}

double metric_of(const MetricsRecord& record, const std::string& metric) {
  const auto found = record.metrics.find(metric);
  return found == record.metrics.end() ? kNotMeasured : found->second;
}

std::string training_figure(const std::vector<TrainingRecord>& trainings, const std::string& metric,
                            const std::string& title, const std::string& unit) {
  if (!has_metric(trainings, metric)) return "";
  Plot plot{title, "iteration", unit, "", {}, {}, false};
  int color = 0;
  for (const TrainingRecord& training : trainings) {
    PlotSeries series{training.policy, {}, color, color % 2 == 1};
    ++color;
    for (const MetricsRecord& record : training.metrics)
      series.points.push_back({static_cast<double>(record.iteration), metric_of(record, metric)});
    plot.series.push_back(std::move(series));
  }
  return plot_figure(plot);
}

/// One for each metric of a reward term, multipliers and violations of constraints among them.
std::string term_figures(const std::vector<TrainingRecord>& trainings) {
  std::set<std::string> metrics;
  for (const TrainingRecord& training : trainings)
    for (const MetricsRecord& record : training.metrics)
      for (const auto& [metric, value] : record.metrics)
        if (metric.starts_with("term.")) metrics.insert(metric);
  std::string figures;
  for (const std::string& metric : metrics)
    figures += training_figure(trainings, metric, metric, metric.substr(metric.rfind('.') + 1));
  return figures;
}

std::string warning_list(const std::vector<TrainingRecord>& trainings) {
  std::string items;
  for (const TrainingRecord& training : trainings)
    for (const std::string& warning : training.warnings)
      items += fmt::format("<li><b>{}</b>: {}</li>\n", escape_html(training.policy), escape_html(warning));
  if (!items.empty())
    return "<div class=\"warning\"><h3>Warnings of the numerics self-check</h3><ul>\n" + items +
           "</ul></div>\n";
  return trainings.empty() ? "" : "<p>The numerics self-check had nothing to warn of.</p>\n";
}

/// The metric that stands for the truth: its name and words.
std::pair<std::string, std::string> truth_metric(const Evaluation& evaluation) {
  for (const PolicySummary& policy : evaluation.policies)
    if (policy.metrics.contains("true_utility")) return {"true_utility", "true worth of a page"};
  for (const PolicySummary& policy : evaluation.policies)
    for (const auto& [name, estimate] : policy.metrics)
      if (name.starts_with("ndcg@")) return {name, name + " on held-out clicks"};
  return {};
}

void add_truth(Plot& plot, const Evaluation& evaluation, const std::string& policy, double kl, int color) {
  const PolicySummary* summary = evaluation.find_policy(policy);
  const std::string metric = truth_metric(evaluation).first;
  if (summary == nullptr || !summary->metrics.contains(metric)) return;
  const Estimate& estimate = summary->metrics.at(metric);
  plot.marks.push_back({policy, kl, estimate.mean, estimate.low, estimate.high, color});
}

/// Reward over KL, averaged over some iterations a point, because single iterations are noisy.
PlotSeries path_from_warmup(const TrainingRecord& training) {
  constexpr std::size_t kPathPoints = 16;
  const std::size_t width = std::max<std::size_t>(1, training.metrics.size() / kPathPoints);
  PlotSeries series{training.policy, {}, 0, false};
  for (std::size_t begin = 0; begin < training.metrics.size(); begin += width) {
    const std::size_t end = std::min(begin + width, training.metrics.size());
    PlotPoint mean;
    for (std::size_t i = begin; i < end; ++i) {
      mean.x += metric_of(training.metrics[i], "kl_per_page") / static_cast<double>(end - begin);
      mean.y += metric_of(training.metrics[i], "reward") / static_cast<double>(end - begin);
    }
    series.points.push_back(mean);
  }
  return series;
}

/// True worth of sampled pages while learning, where the run could measure it.
PlotSeries truth_on_the_way(const TrainingRecord& training) {
  PlotSeries series{training.policy + ", true worth while learning", {}, 0, false, true};
  for (const MetricsRecord& record : training.metrics)
    series.points.push_back({metric_of(record, "kl_per_page"), metric_of(record, "true_utility")});
  return series;
}

/// Divergence of the policy that was kept: after a hard stop, of the iteration before.
double kept_divergence(const TrainingRecord& training) {
  const std::size_t rejected =
      !training.metrics.empty() && training.metrics.back().metrics.contains("stopped") ? 1 : 0;
  if (training.metrics.size() <= rejected) return kNotMeasured;
  return metric_of(training.metrics[training.metrics.size() - 1 - rejected], "kl_per_page");
}

}  // namespace

std::string learning_section(const ReportData& data) {
  const RunRecords& records = data.records;
  std::string html = "<section id=\"learning\"><h2>How it learnt</h2>\n";
  for (const std::string& problem : records.problems) html += missing_note("Not readable: " + problem);
  html += warning_list(records.trainings);
  html += "<h3>Warm-up and reward models: loss on held-out users</h3>\n";
  if (records.curves.empty())
    html += missing_note(
        "No learning curve was recorded; `pagewright sft` and `pagewright fit-reward` write them.");
  html += "<div class=\"plots\">\n";
  for (const CurveRecord& curve : records.curves) html += curve_figure(curve);
  html += "</div>\n<h3>Reinforcement learning</h3>\n";
  if (records.trainings.empty())
    return html + missing_note("No policy was trained yet; `pagewright train` does it.") + "</section>\n";
  html += "<div class=\"plots\">\n";
  html += training_figure(records.trainings, "reward", "Reward that the policy learns from", "reward a page");
  html += training_figure(records.trainings, "held_out_reward", "Reward by held-out feedback", "reward");
  html += training_figure(records.trainings, "kl_per_page", "Distance from the warm-up (KL)", "nats a page");
  html += training_figure(records.trainings, "entropy", "Entropy: how open the choice of items still is",
                          "nats a token");
  html += training_figure(records.trainings, "clip_fraction", "Share of tokens whose update was clipped",
                          "share");
  html += training_figure(records.trainings, "explained_variance",
                          "Variance of returns that the critic explains", "share");
  html += training_figure(records.trainings, "valid", "Valid pages while learning", "share");
  html += "</div>\n";
  if (const std::string terms = term_figures(records.trainings); !terms.empty())
    html += "<h3>Reward terms: means over pages, before their weights</h3>\n<div class=\"plots\">\n" + terms +
            "</div>\n";
  return html + "</section>\n";
}

std::string proxy_section(const ReportData& data) {
  std::string html = "<section id=\"proxy\"><h2>The learned reward beside the truth</h2>\n";
  const bool evaluated = data.evaluation.has_value() && !truth_metric(data.evaluation->all).first.empty();
  if (!has_metric(data.records.trainings, "kl_per_page"))
    return html + missing_note("No policy was trained yet, so there is no path from the warm-up to draw.") +
           "</section>\n";
  html +=
      "<p>Lines: each policy's own reward, a few iterations averaged, as it moves away from the warm-up "
      "(policies learn from different "
      "rewards, so "
      "the height of one line says nothing about another). Diamonds, right axis: what the finished policy is "
      "worth on held-out requests; dotted, right axis: what the pages that it sampled while it learnt were "
      "worth "
      "for validation users, where the truth is known. A line that rises while its dotted one falls means "
      "that "
      "the reward was gamed.</p>\n";
  Plot plot{"Reward and worth against the distance from the warm-up",
            "KL from the warm-up, nats a page",
            "learned reward a page",
            evaluated ? truth_metric(data.evaluation->all).second : "",
            {},
            {},
            true};
  if (evaluated) add_truth(plot, data.evaluation->all, "warmup", 0, 5);
  int color = 0;
  for (const TrainingRecord& training : data.records.trainings) {
    const double last_kl = kept_divergence(training);
    PlotSeries series = path_from_warmup(training);
    series.color = color;
    series.dashed = color % 2 == 1;
    plot.series.push_back(std::move(series));
    if (evaluated && has_metric({training}, "true_utility")) {
      plot.series.push_back(truth_on_the_way(training));
      plot.series.back().color = color;
    }
    if (evaluated && std::isfinite(last_kl))
      add_truth(plot, data.evaluation->all, training.policy, last_kl, color);
    ++color;
  }
  if (!evaluated) html += missing_note("The policies were not evaluated, so their worth is not shown.");
  return html + plot_figure(plot) + "</section>\n";
}

}  // namespace pagewright
