#pragma once
// Plots as inline SVG: lines with points, and labelled marks, against one or two vertical axes.

#include <limits>
#include <string>
#include <vector>

namespace pagewright {

struct PlotPoint {
  double x = 0;
  double y = 0;
};

/// A line through points; points that are not finite are left out.
struct PlotSeries {
  std::string name;  ///< in the legend
  std::vector<PlotPoint> points;
  int color = 0;  ///< colours repeat after kPlotColors
  bool dashed = false;
  bool on_right = false;  ///< against the second axis, dotted
};

/// A point with a name beside it, and an interval where low and high are finite.
struct PlotMark {
  std::string name;
  double x = 0;
  double y = 0;
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  int color = 0;
};

inline constexpr int kPlotColors = 6;

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::string
      right_label;  ///< names the second vertical axis, on which marks stand. Empty: there is one axis
  std::vector<PlotSeries> series;
  std::vector<PlotMark> marks;
  bool wide = false;
};

/// A <figure>: the SVG, whose every point says its values when pointed at, and a legend. Says so in words if
/// there is no point to draw.
std::string plot_figure(const Plot& plot);

/// Round numbers that span [low, high], about `count` of them.
std::vector<double> axis_ticks(double low, double high, int count);

}  // namespace pagewright
