#pragma once
// Differences with their intervals, one below the other, as inline SVG.

#include <string>
#include <vector>

namespace pagewright {

struct IntervalRow {
  std::string name;
  double mean = 0;
  double low = 0, high = 0;    ///< not drawn unless both are finite
  std::vector<double> points;  ///< the single values; those that are not finite are left out
};

struct IntervalPlot {
  std::string title;
  std::string x_label;
  std::vector<IntervalRow> rows;
};

/// A <figure> with a line at 0, the interval, the mean and the single values of each row. Says so in words if
/// no row has a value.
std::string interval_figure(const IntervalPlot& plot);

}  // namespace pagewright
