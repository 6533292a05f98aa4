// Click models side by side: which explains held-out clicks best, and where users look by each.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"
#include "launch/report/sections.hpp"

namespace pagewright {
namespace {

constexpr const char* kClickRates = "position_rate";

std::string click_models_table(const ClicksRecord& clicks) {
  std::string html =
      "<div class=\"scroll\"><table><caption>Click models on pages of held-out users (perplexity: 1 is "
      "certainty, 2 a coin)</caption><thead><tr><th>model</th><th>perplexity</th><th>log-likelihood a "
      "page</th><th>training log-likelihood a page</th><th>EM iterations</th></tr></thead><tbody>\n";
  for (const FittedClicks& model : clicks.models) {
    const bool chosen = model.model == clicks.choice.chosen;
    html += fmt::format("<tr><th>{}{}</th>", escape_html(model.model), chosen ? " (chosen)" : "");
    for (const std::string& cell :
         {model.held_out ? fmt::format("{:.4f}", model.held_out->perplexity) : std::string("–"),
          model.held_out ? fmt::format("{:.3f}", model.held_out->log_likelihood) : std::string("–"),
          model.train_log_likelihood ? fmt::format("{:.3f}", *model.train_log_likelihood) : std::string("–"),
          model.iterations > 0 ? count_text(model.iterations) : std::string("counted")})
      html += "<td>" + cell + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

/// The naive rates first, then the best by held-out perplexity: as many as there are colours.
std::vector<const FittedClicks*> drawn_click_models(const ClicksRecord& clicks) {
  std::vector<const FittedClicks*> drawn;
  for (const FittedClicks& model : clicks.models)
    if (model.held_out) drawn.push_back(&model);
  std::ranges::stable_sort(drawn, {}, [](const FittedClicks* model) {
    return std::pair(model->model != kClickRates, model->held_out->perplexity);
  });
  drawn.resize(std::min<std::size_t>(drawn.size(), kPlotColors));
  return drawn;
}

std::string perplexity_figure(const ClicksRecord& clicks) {
  const std::vector<const FittedClicks*> drawn = drawn_click_models(clicks);
  if (drawn.empty()) return "";
  Plot plot{"Perplexity by rank", "rank on the page", "perplexity", "", {}, {}, false};
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const FittedClicks& model = *drawn[i];
    const bool naive = model.model == kClickRates;
    PlotSeries series{naive ? "click rates by place" : model.model, {}, static_cast<int>(i), naive};
    for (std::size_t k = 0; k < model.held_out->perplexity_by_rank.size(); ++k)
      series.points.push_back({static_cast<double>(k + 1), model.held_out->perplexity_by_rank[k]});
    plot.series.push_back(std::move(series));
  }
  return plot_figure(plot);
}

std::string examination_figure(const ClicksRecord& clicks) {
  Plot plot{
      "Examination by slot", "slot in page order", "looked at, relative to the first", "", {}, {}, false};
  for (const FittedClicks& model : clicks.models) {
    if (model.examination_by_slot.empty()) continue;
    PlotSeries series{model.model, {}, static_cast<int>(plot.series.size())};
    for (std::size_t k = 0; k < model.examination_by_slot.size(); ++k)
      series.points.push_back({static_cast<double>(k + 1), model.examination_by_slot[k]});
    plot.series.push_back(std::move(series));
  }
  return plot.series.empty() ? "" : plot_figure(plot);
}

}  // namespace

std::string clicks_section(const ReportData& data) {
  const std::string head = "<section id=\"clicks\"><h2>Click models</h2>\n";
  if (!data.records.clicks)
    return head +
           missing_note("No click models were fitted; `pagewright fit-clicks` does it. They are optional.") +
           "</section>\n";
  const ClicksRecord& clicks = *data.records.clicks;
  return head + fmt::format(
                    "<p>A click says that a slot was looked at and that what stood there was wanted; a click "
                    "model takes "
                    "the two apart. By {}, {} explains {} best; click rates by place ({}) are what a "
                    "click model "
                    "has to beat. {}</p>\n{}<div class=\"plots\">\n{}{}</div>\n</section>\n",
                    escape_html(clicks.choice.by), escape_html(clicks.choice.chosen),
                    clicks.choice.pages == ClickPages::uniform ? "the uniformly random pages of this log"
                                                               : "this log",
                    kClickRates, escape_html(clicks.choice.identification), click_models_table(clicks),
                    perplexity_figure(clicks), examination_figure(clicks));
}

}  // namespace pagewright
