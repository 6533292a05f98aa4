#include "launch/report/plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "launch/report/html.hpp"

namespace pagewright {
namespace {

struct PlotFrame {
  double left = 58, right = 14, top = 12, bottom = 42, width = 460, height = 260;
  double inner_width() const { return width - left - right; }
  double inner_height() const { return height - top - bottom; }
};

/// Range of an axis, grown to round numbers.
class PlotAxis {
 public:
  void see(double value) {
    if (!std::isfinite(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  bool empty() const { return low_ > high_; }
  void settle(int count) {
    if (empty()) return;
    if (high_ - low_ < 1e-12 * std::max(1.0, std::abs(high_))) {
      const double room = std::max(0.1 * std::abs(high_), 1e-3);
      low_ -= room;
      high_ += room;
    }
    ticks_ = axis_ticks(low_, high_, count);
    low_ = std::min(low_, ticks_.front());
    high_ = std::max(high_, ticks_.back());
  }
  double share(double value) const { return (value - low_) / (high_ - low_); }
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  std::vector<double> ticks_;
};

std::string tick_text(double value, double step) {
  if (std::abs(value) < 1e-9 * step) return "0";
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 8);
  if (std::abs(value) >= 1e5) return fmt::format("{:.3g}", value);
  return (value < 0 ? "\u2212" : "") + fmt::format("{:.{}f}", std::abs(value), digits);
}

class PlotDrawing {
 public:
  explicit PlotDrawing(const Plot& plot) : plot_(plot) {
    if (plot.wide) frame_.width = 960, frame_.height = 400;
    if (two_axes()) frame_.right = 62;
    for (const PlotSeries& series : plot.series)
      for (const PlotPoint& point : series.points)
        if (drawn(point)) x_.see(point.x), axis_of(series).see(point.y);
    for (const PlotMark& mark : plot.marks) {
      x_.see(mark.x);
      for (const double value : {mark.y, mark.low, mark.high}) mark_axis().see(value);
    }
    empty_ = x_.empty();
    x_.settle(plot.wide ? 8 : 5);
    y_.settle(5);
    right_.settle(5);
  }

  std::string figure() {
    if (empty_)
      return fmt::format("<figure><figcaption><b>{}</b></figcaption>{}</figure>\n", escape_html(plot_.title),
                         missing_note("There is nothing to draw: no values were recorded."));
    svg_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", frame_.width,
                       frame_.height, escape_html(plot_.title));
    draw_axes();
    for (const PlotSeries& series : plot_.series) draw_series(series);
    draw_marks();
    svg_ += "</svg>";
    return fmt::format("<figure class=\"plot{}\"><figcaption><b>{}</b></figcaption>\n{}\n{}</figure>\n",
                       plot_.wide ? " wide" : "", escape_html(plot_.title), svg_, legend());
  }

 private:
  static bool drawn(const PlotPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }
  bool two_axes() const { return !plot_.right_label.empty(); }
  PlotAxis& mark_axis() { return two_axes() ? right_ : y_; }
  PlotAxis& axis_of(const PlotSeries& series) { return series.on_right ? mark_axis() : y_; }
  static const char* line_style(const PlotSeries& series) {
    return series.on_right ? " dotted" : series.dashed ? " dashed" : "";
  }
  double px(double x) const { return frame_.left + x_.share(x) * frame_.inner_width(); }
  double py(const PlotAxis& axis, double y) const {
    return frame_.top + (1 - axis.share(y)) * frame_.inner_height();
  }

  void text(double x, double y, const char* anchor, const std::string& words, const char* kind) {
    svg_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", kind,
                        x, y, anchor, escape_html(words));
  }
  void rotated(double x, double angle, const std::string& words) {
    const double y = frame_.top + frame_.inner_height() / 2;
    svg_ += fmt::format(
        "<text class=\"axis\" transform=\"translate({:.1f} {:.1f}) rotate({})\" "
        "text-anchor=\"middle\">{}</text>\n",
        x, y, angle, escape_html(words));
  }

  void draw_axes() {
    const double right = frame_.width - frame_.right, floor = frame_.height - frame_.bottom;
    for (const double tick : y_.ticks()) {
      const double y = py(y_, tick);
      svg_ += fmt::format("<line class=\"rule\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                          frame_.left, right, y, y);
      text(frame_.left - 6, y + 4, "end", tick_text(tick, step_of(y_)), "tick");
    }
    for (const double tick : right_.ticks())
      text(right + 6, py(right_, tick) + 4, "start", tick_text(tick, step_of(right_)), "tick");
    for (const double tick : x_.ticks())
      text(px(tick), floor + 16, "middle", tick_text(tick, step_of(x_)), "tick");
    text(frame_.left + frame_.inner_width() / 2, frame_.height - 6, "middle", plot_.x_label, "axis");
    rotated(13, -90, plot_.y_label);
    if (two_axes()) rotated(frame_.width - 8, 90, plot_.right_label);
  }

  static double step_of(const PlotAxis& axis) {
    return axis.ticks().size() > 1 ? axis.ticks()[1] - axis.ticks()[0] : 1;
  }

  void draw_series(const PlotSeries& series) {
    const int color = series.color % kPlotColors;
    std::string line, dots;
    for (const PlotPoint& point : series.points) {
      if (!drawn(point)) continue;
      const double x = px(point.x), y = py(axis_of(series), point.y);
      line += fmt::format("{:.1f},{:.1f} ", x, y);
      dots += fmt::format(
          "<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"><title>{}: {}, "
          "{}</title></circle>\n",
          color, x, y, escape_html(series.name), number_text(point.x), number_text(point.y));
    }
    svg_ += fmt::format("<polyline class=\"line c{}{}\" points=\"{}\"/>\n{}", color, line_style(series), line,
                        dots);
  }

  /// Highest first, so that a name that would lie on another goes below it.
  void draw_marks() {
    std::vector<const PlotMark*> marks;
    for (const PlotMark& mark : plot_.marks)
      if (std::isfinite(mark.x) && std::isfinite(mark.y)) marks.push_back(&mark);
    std::stable_sort(marks.begin(), marks.end(),
                     [](const PlotMark* a, const PlotMark* b) { return a->y > b->y; });
    for (const PlotMark* mark : marks) draw_mark(*mark);
  }

  void draw_mark(const PlotMark& mark) {
    const PlotAxis& axis = mark_axis();
    const double x = px(mark.x), y = py(axis, mark.y);
    const int color = mark.color % kPlotColors;
    if (std::isfinite(mark.low) && std::isfinite(mark.high))
      svg_ += fmt::format(
          "<line class=\"whisker c{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", color, x,
          x, py(axis, mark.low), py(axis, mark.high));
    svg_ += fmt::format(
        "<path class=\"mark c{}\" d=\"M{:.1f} {:.1f}l6 6l-6 6l-6 -6z\"><title>{}: {}, {}</title></path>\n",
        color, x, y - 6, escape_html(mark.name), number_text(mark.x), number_text(mark.y));
    const double width = 7.2 * static_cast<double>(mark.name.size());
    const bool left = x + 10 + width > frame_.width - frame_.right;
    NameBox box{left ? x - 10 - width : x + 10, left ? x - 10 : x + 10 + width, y + (two_axes() ? 4 : -8)};
    const auto overlaps = [&](const NameBox& other) {
      return box.left < other.right && other.left < box.right && std::abs(box.y - other.y) < 14;
    };
    while (std::any_of(names_.begin(), names_.end(), overlaps)) box.y += 2;
    names_.push_back(box);
    text(left ? box.right : box.left, box.y, left ? "end" : "start", mark.name, "name");
  }

  std::string legend() const {
    std::string items;
    for (const PlotSeries& series : plot_.series)
      items += fmt::format("<li><i class=\"key c{}{}\"></i>{}</li>", series.color % kPlotColors,
                           line_style(series), escape_html(series.name));
    return items.empty() ? items : "<ul class=\"legend\">" + items + "</ul>\n";
  }

  struct NameBox {
    double left, right, y;
  };

  const Plot& plot_;
  PlotFrame frame_;
  PlotAxis x_, y_, right_;
  bool empty_ = false;
  std::string svg_;
  std::vector<NameBox> names_;  ///< of marks drawn so far
};

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
  const double rough = (high - low) / std::max(1, count);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  std::vector<double> ticks;
  // A value may lie a tenth of a step outside, so that a noisy 0 does not open another interval.
  const double first = std::floor(low / step + 0.1), last = std::ceil(high / step - 0.1);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string plot_figure(const Plot& plot) {
  return PlotDrawing(plot).figure();
}

}  // namespace pagewright
