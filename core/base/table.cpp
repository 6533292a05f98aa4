#include "core/base/table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/unicode_width.hpp"

namespace pagewright {
namespace {

bool begins_like_a_number(std::string_view cell) {
  for (std::string_view sign : {"+", "-", "−", "±", "<", ">", "≥", "≤", "~", "[", "("})
    if (cell.starts_with(sign)) {
      cell.remove_prefix(sign.size());
      break;
    }
  if (cell.starts_with('.')) cell.remove_prefix(1);
  return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
}

/// Says nothing about the column's kind.
bool is_blank_cell(std::string_view cell) {
  return cell.empty() || cell == "-" || cell == "–" || cell == "nan" || cell == "inf" || cell == "-inf" ||
         cell == "n/a" || cell == "?";
}

std::string padded_cell(const std::string& cell, int width, bool to_the_right) {
  const std::string padding(static_cast<std::size_t>(std::max(0, width - display_width(cell))), ' ');
  return to_the_right ? padding + cell : cell + padding;
}

std::string markdown_cell(std::string_view cell) {
  std::string text;
  for (char character : cell) {
    if (character == '|') text += '\\';
    text += character == '\n' ? ' ' : character;
  }
  return text;
}

}  // namespace

Table::Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

void Table::add_row(std::vector<std::string> cells) {
  require(cells.size() == headers_.size(), "a table of {} columns got a row of {} cells", headers_.size(),
          cells.size());
  rows_.push_back(std::move(cells));
}

void Table::add_rule() {
  rules_.push_back(rows_.size());
}

bool Table::is_numeric(std::size_t column) const {
  bool any = false;
  for (const auto& row : rows_) {
    if (is_blank_cell(row[column])) continue;
    if (!begins_like_a_number(row[column])) return false;
    any = true;
  }
  return any;
}

int Table::width(std::size_t column) const {
  int widest = display_width(headers_[column]);
  for (const auto& row : rows_) widest = std::max(widest, display_width(row[column]));
  return widest;
}

std::string Table::line(const std::vector<std::string>& cells, const std::vector<int>& widths,
                        const std::vector<bool>& numeric) const {
  std::string text;
  for (std::size_t column = 0; column < cells.size(); ++column)
    text += (column > 0 ? "  " : "") + padded_cell(cells[column], widths[column], numeric[column]);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Table::to_string() const {
  std::vector<int> widths;
  std::vector<bool> numeric;
  std::string rule;
  for (std::size_t column = 0; column < headers_.size(); ++column) {
    widths.push_back(width(column));
    numeric.push_back(is_numeric(column));
    rule += (column > 0 ? "  " : "") + std::string(static_cast<std::size_t>(widths.back()), '-');
  }
  rule += "\n";
  std::string text = line(headers_, widths, numeric) + rule;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (std::ranges::count(rules_, row) > 0) text += rule;
    text += line(rows_[row], widths, numeric);
  }
  return text;
}

std::string Table::to_markdown() const {
  std::string text = "|", marks = "|";
  for (std::size_t column = 0; column < headers_.size(); ++column) {
    text += " " + markdown_cell(headers_[column]) + " |";
    marks += is_numeric(column) ? " ---: |" : " --- |";
  }
  text += "\n" + marks + "\n";
  for (const auto& row : rows_) {
    text += "|";
    for (const auto& cell : row) text += " " + markdown_cell(cell) + " |";
    text += "\n";
  }
  return text;
}

}  // namespace pagewright
