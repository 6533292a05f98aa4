#include "rewards/clicks/click_comparison.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/table.hpp"
#include "rewards/clicks/click_models.hpp"

namespace pagewright {
namespace {

/// The same lists with one document in all slots.
ClickSessions without_documents(const ClickSessions& sessions) {
  ClickSessions result;
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    const ClickSession session = sessions[s];
    result.add(std::vector<int>(session.size(), 0), session.positions, session.rows, session.clicks);
  }
  return result;
}

Smoothing pooled_smoothing(double mean, double strength) {
  constexpr double kEdge = 1e-4;
  return {std::clamp(mean, kEdge, 1 - kEdge) * strength, strength};
}

/// Starts `model` where the same model with one attractiveness for all documents ends.
void start_from_pooled(ClickModel& model, const ClickLog& log, double strength, ClickFit fit) {
  const std::unique_ptr<ClickModel> pooled = make_click_model(model.name());
  const ClickSpace space{{"all"}, log.space.positions, log.space.ranks, {}};
  fit_click_model(*pooled, space, without_documents(log.train), fit);
  const std::vector<ClickParameters> found = pooled->parameters();
  for (const ClickParameters& kind : found) {
    if (kind.name == "attractiveness") fit.attractiveness = pooled_smoothing(kind.values[0], strength);
    if (kind.name == "satisfaction") fit.satisfaction = pooled_smoothing(kind.values[0], strength);
  }
  model.start(log.space, fit);
  for (const ClickParameters& kind : found)
    model.set(kind.name, of_click_documents(kind.name)
                             ? std::vector<double>(log.space.documents.size(), kind.values[0])
                             : kind.values);
}

std::vector<double> mean_examination(const ClickModel& model, const ClickSessions& sessions) {
  std::vector<double> sums(static_cast<std::size_t>(sessions.longest())), counts(sums.size()),
      here(sums.size());
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    const ClickSession session = sessions[s];
    if (!model.examination(session, std::span(here).first(session.size()))) return {};
    for (std::size_t k = 0; k < session.size(); ++k) {
      sums[k] += here[k];
      counts[k] += 1;
    }
  }
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] /= counts[k];
  const double first = sums[0];
  require(first > 0, "click model {}: the first slot is never looked at, so slots cannot be compared with it",
          model.name());
  for (double& examination : sums) examination /= first;
  return sums;
}

}  // namespace

ClickFitting fit_click_log(const std::string& name, const ClickLog& log, const ClicksConfig& config) {
  ClickFit fit;
  fit.iterations = config.iterations;
  fit.tolerance = config.tolerance;
  fit.ridge = config.ridge;
  ClickFitting fitting{make_click_model(name), {}};
  if (log.space.features.empty())
    start_from_pooled(*fitting.model, log, config.prior_strength, fit);
  else
    fitting.model->start(log.space, fit);
  fitting.trace = improve_click_model(*fitting.model, log.train, fit);
  return fitting;
}

FittedClicks fit_clicks(const std::string& name, const ClickLog& log, const ClicksConfig& config) {
  const auto [model, trace] = fit_click_log(name, log, config);
  FittedClicks result;
  result.model = name;
  result.iterations = model->closed_form() ? 0 : static_cast<int>(trace.size()) - 1;
  result.train_log_likelihood = log_likelihood(*model, log.train) / static_cast<double>(log.train.size());
  if (log.valid.size() > 0) result.held_out = click_quality(*model, log.valid);
  result.parameters = model->parameters();
  result.examination_by_slot = mean_examination(*model, log.train);
  return result;
}

std::size_t best_click_model(const std::vector<FittedClicks>& fitted) {
  require(!fitted.empty(), "click models: there is none to choose from");
  const auto worse = [](const FittedClicks& one, const FittedClicks& other) {
    require(one.held_out.has_value() == other.held_out.has_value(),
            "click models: {} and {} were not judged on the same pages", one.model, other.model);
    return one.held_out ? one.held_out->perplexity < other.held_out->perplexity
                        : one.train_log_likelihood > other.train_log_likelihood;
  };
  return static_cast<std::size_t>(std::min_element(fitted.begin(), fitted.end(), worse) - fitted.begin());
}

std::string comparison_text(const std::vector<FittedClicks>& fitted, std::size_t chosen) {
  std::vector<std::string> headers{"click model", "EM", "train LL a page", "held-out LL a page",
                                   "perplexity"};
  std::vector<std::size_t> ranks;
  if (const auto& quality = fitted.at(chosen).held_out)
    for (const std::size_t rank : {1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 25})
      if (rank <= quality->perplexity_by_rank.size()) ranks.push_back(rank);
  for (const std::size_t rank : ranks) headers.push_back(fmt::format("at {}", rank));
  Table table(headers);
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    const FittedClicks& clicks = fitted[i];
    std::vector<std::string> cells{
        clicks.model + (i == chosen ? " *" : ""),
        clicks.iterations ? fmt::format("{}", clicks.iterations) : "",
        clicks.train_log_likelihood ? fmt::format("{:.4f}", *clicks.train_log_likelihood) : ""};
    if (const auto& quality = clicks.held_out) {
      cells.push_back(fmt::format("{:.4f}", quality->log_likelihood));
      cells.push_back(fmt::format("{:.4f}", quality->perplexity));
      for (const std::size_t rank : ranks)
        cells.push_back(fmt::format("{:.4f}", quality->perplexity_by_rank[rank - 1]));
    } else {
      cells.resize(headers.size());
    }
    table.add_row(cells);
  }
  return table.to_string();
}

}  // namespace pagewright
