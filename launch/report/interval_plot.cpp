#include "launch/report/interval_plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"

namespace pagewright {
namespace {

constexpr double kWidth = 620, kRowHeight = 30, kTop = 10, kBottom = 44, kRight = 30;

std::string tick_words(double value) {
  if (value == 0) return "0";
  return (value < 0 ? "\u2212" : "+") + fmt::format("{:.6g}", std::abs(value));
}

/// Room for the longest name.
double name_width(const IntervalPlot& plot) {
  std::size_t longest = 4;
  for (const IntervalRow& row : plot.rows) longest = std::max(longest, row.name.size());
  return std::min(260.0, 16 + 7.0 * static_cast<double>(longest));
}

class IntervalDrawing {
 public:
  explicit IntervalDrawing(const IntervalPlot& plot) : plot_(plot), left_(name_width(plot)) {
    double low = 0, high = 0;
    for (const IntervalRow& row : plot.rows) {
      std::vector<double> values = row.points;
      values.insert(values.end(), {row.mean, row.low, row.high});
      for (const double value : values) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value), high = std::max(high, value);
        empty_ = false;
      }
    }
    if (low == high) high = low + 1;
    ticks_ = axis_ticks(low, high, 6);
    low_ = std::min(low, ticks_.front());
    high_ = std::max(high, ticks_.back());
  }

  std::string figure() {
    const std::string title = escape_html(plot_.title);
    if (empty_)
      return fmt::format("<figure><figcaption><b>{}</b></figcaption>{}</figure>\n", title,
                         missing_note("There is nothing to draw: no values were recorded."));
    const double height = kTop + kRowHeight * static_cast<double>(plot_.rows.size()) + kBottom;
    svg_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth, height, title);
    draw_axis(height - kBottom);
    for (std::size_t i = 0; i < plot_.rows.size(); ++i)
      draw_row(plot_.rows[i], kTop + kRowHeight * (static_cast<double>(i) + 0.5));
    text((left_ + kWidth - kRight) / 2, height - 6, "middle", "axis", plot_.x_label);
    return fmt::format("<figure class=\"plot\"><figcaption><b>{}</b></figcaption>\n{}</svg></figure>\n",
                       title, svg_);
  }

 private:
  double px(double value) const {
    return left_ + (value - low_) / (high_ - low_) * (kWidth - kRight - left_);
  }
  void text(double x, double y, const char* anchor, const char* kind, const std::string& words) {
    svg_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", kind,
                        x, y, anchor, escape_html(words));
  }

  void draw_axis(double floor) {
    for (const double tick : ticks_) {
      svg_ += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>\n",
                          tick == 0 ? "line c5" : "rule", px(tick), px(tick), kTop, floor);
      text(px(tick), floor + 16, "middle", "tick", tick_words(tick));
    }
  }

  void draw_row(const IntervalRow& row, double y) {
    text(left_ - 10, y + 4, "end", "name", row.name);
    if (!std::isfinite(row.mean)) {
      text(left_, y + 4, "start", "tick", "no result");
      return;
    }
    const int color = row.low > 0 ? 2 : row.high < 0 ? 1 : 0;
    if (std::isfinite(row.low) && std::isfinite(row.high))
      svg_ += fmt::format(
          "<line class=\"whisker c{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", color,
          px(row.low), px(row.high), y, y);
    for (const double point : row.points)
      if (std::isfinite(point))
        svg_ += fmt::format(
            "<circle class=\"dot c5\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\"><title>{}</title></circle>\n",
            px(point), y + 8, signed_text(point));
    svg_ += fmt::format(
        "<path class=\"mark c{}\" d=\"M{:.1f} {:.1f}l6 6l-6 6l-6 -6z\"><title>{}: {} ({} to "
        "{})</title></path>\n",
        color, px(row.mean), y - 6, escape_html(row.name), signed_text(row.mean), signed_text(row.low),
        signed_text(row.high));
  }

  const IntervalPlot& plot_;
  double left_, low_ = 0, high_ = 1;
  bool empty_ = true;
  std::vector<double> ticks_;
  std::string svg_;
};

}  // namespace

std::string interval_figure(const IntervalPlot& plot) {
  return IntervalDrawing(plot).figure();
}

}  // namespace pagewright
