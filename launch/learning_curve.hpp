#pragma once
// Learning curves of supervised training: printed as a table, kept as JSON for the report.

#include <filesystem>
#include <string>

#include "distributed/supervised/supervised_loop.hpp"

namespace pagewright {

/// Aligned table of the points, the kept one marked.
std::string curve_table(const SupervisedResult& result, const std::string& unit);
/// {"unit": ..., "best": index, "points": [{"epoch", "train_loss", "held_out_loss"}]}
void write_curve(const std::filesystem::path& file, const SupervisedResult& result, const std::string& unit);

}  // namespace pagewright
