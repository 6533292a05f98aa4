#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace pagewright {

/// A text table with aligned columns:
///
///     Table table({"policy", "GMV"});
///     table.add_row({"random", "1.03"});
///     std::cout << table.to_string();
///
/// A column whose cells all begin like numbers stands to the right, any other to the left. Cells are UTF-8.
class Table {
 public:
  explicit Table(std::vector<std::string> headers);

  /// As many cells as there are headers, else an Error.
  void add_row(std::vector<std::string> cells);
  /// A line between the rows before and after (plain text only).
  void add_rule();
  std::size_t rows() const { return rows_.size(); }

  /// Ends with a line break.
  std::string to_string() const;
  /// A Markdown table; ends with a line break.
  std::string to_markdown() const;

 private:
  bool is_numeric(std::size_t column) const;
  int width(std::size_t column) const;
  std::string line(const std::vector<std::string>& cells, const std::vector<int>& widths,
                   const std::vector<bool>& numeric) const;

  std::vector<std::string> headers_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> rules_;  ///< a rule stands before the row of this number
};

}  // namespace pagewright
