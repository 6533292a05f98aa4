#pragma once
// Pages from tables, by a map of their columns.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace pagewright {

class LogImporter;

/// Rows that follow each other with the same page key are a page; the map says what their columns are
/// (core/data/table_map.hpp). Events in tables of their own are joined by page, or by visitor and item to the
/// last page before them. `sets` override keys
/// of the map. Error if it cannot be read.
std::unique_ptr<LogImporter> make_table_importer(const std::filesystem::path& map,
                                                 const std::vector<std::string>& sets);

}  // namespace pagewright
