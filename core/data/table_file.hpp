#pragma once
// Tables in text files: a row a line, values by the names of columns.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/line_reader.hpp"

namespace pagewright {

/// How a table's file is written.
struct TableForm {
  char separator = ',';  ///< between values
  bool header = true;    ///< whether the first row names the columns; without one they are "0", "1", ...
  char lists = ',';      ///< between the elements of a value that is a list
  std::vector<std::string> missing = {"NULL", "NA", "NaN"};  ///< what stands for no value, beside nothing
};

/// Comma-separated values (RFC 4180: a value in double quotes may hold separators, doubled quotes and line
/// breaks), or, if the name ends in ".jsonl" or ".json", a JSON object a line, whose columns are paths:
/// "event_attributes.object.object_id"; an array of texts or numbers is a list. Packed files as in
/// open_bytes(). One row at a time is in memory.
class TableFile {
 public:
  /// Reads the header. Error that names the file: cannot be opened, is empty, a column twice.
  TableFile(const std::filesystem::path& path, const TableForm& form);
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  /// The next row; false at the end. Error with file and line: another number of values than columns, a
  /// quote without end, what is no JSON object.
  bool next();
  /// The row's value; nothing if it is empty or missing, null or, in JSON, absent. Lives until next(). Error
  /// naming the file's columns if the table has no such column.
  std::optional<std::string_view> value(const std::string& column);

  /// "clicks.csv:17" of the row.
  std::string where() const;
  /// Line in which the row begins.
  std::int64_t line() const { return line_; }
  const std::filesystem::path& path() const { return reader_.path(); }

 private:
  class Rows;
  class SeparatedRows;
  class JsonRows;

  LineReader reader_;
  std::vector<std::string> missing_;
  std::unique_ptr<Rows> rows_;
  std::int64_t line_ = 0;
};

}  // namespace pagewright
