#include "launch/learning_curve.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "core/base/table.hpp"

namespace pagewright {

std::string curve_table(const SupervisedResult& result, const std::string& unit) {
  Table table({"epoch", "training loss", "held-out " + unit, ""});
  for (std::size_t i = 0; i < result.curve.size(); ++i) {
    const SupervisedPoint& point = result.curve[i];
    table.add_row({fmt::format("{:.2f}", point.epoch), i == 0 ? "" : fmt::format("{:.4f}", point.train_loss),
                   std::isnan(point.held_out_loss) ? "" : fmt::format("{:.4f}", point.held_out_loss),
                   i == result.best ? "kept" : ""});
  }
  return table.to_string();
}

void write_curve(const std::filesystem::path& file, const SupervisedResult& result, const std::string& unit) {
  nlohmann::json points = nlohmann::json::array();
  for (const SupervisedPoint& point : result.curve)
    points.push_back(
        {{"epoch", point.epoch}, {"train_loss", point.train_loss}, {"held_out_loss", point.held_out_loss}});
  std::filesystem::create_directories(file.parent_path());
  write_file_atomically(
      file, nlohmann::json{{"unit", unit}, {"best", result.best}, {"points", points}}.dump(2) + "\n");
}

}  // namespace pagewright
