#include "core/data/table_file.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"

namespace pagewright {

/// The rows of one form.
class TableFile::Rows {
 public:
  virtual ~Rows() = default;
  /// Takes the row that begins with `line`; may read further lines.
  virtual void take(std::string& line, LineReader& reader) = 0;
  /// The line with which the next row begins.
  virtual bool next_line(std::string& line, LineReader& reader) {
    do {
      if (!reader.next(line)) return false;
    } while (line.find_first_not_of(" \t") == std::string::npos);
    return true;
  }
  virtual std::optional<std::string_view> value(const std::string& column) = 0;
};

class TableFile::SeparatedRows final : public Rows {
 public:
  SeparatedRows(const TableForm& form, LineReader& reader) : form_(form) {
    std::string line;
    require(reader.next(line), "{}: the file is empty", reader.path().string());
    if (!form.header) {
      first_ = std::move(line);
      return;
    }
    with_context(reader.path().string(), [&] { split(line, reader); });
    for (std::size_t i = 0; i < values_.size(); ++i)
      require(columns_.emplace(values_[i], i).second, "{}: two columns are called '{}'",
              reader.path().string(), values_[i]);
    names_ = values_;
  }

  bool next_line(std::string& line, LineReader& reader) override {
    if (!first_) return Rows::next_line(line, reader);
    line = *std::move(first_);
    first_.reset();
    return true;
  }

  void take(std::string& line, LineReader& reader) override {
    split(line, reader);
    if (columns_.empty())
      for (std::size_t i = 0; i < values_.size(); ++i) {
        names_.push_back(fmt::format("{}", i));
        columns_.emplace(names_.back(), i);
      }
    require(values_.size() == columns_.size(), "{} values, but the table has {} columns", values_.size(),
            columns_.size());
  }

  std::optional<std::string_view> value(const std::string& column) override {
    const auto found = columns_.find(column);
    require(found != columns_.end(), "there is no column '{}', but {}", column, fmt::join(names_, ", "));
    const std::string& text = values_[found->second];
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
  }

 private:
  void split(std::string& line, LineReader& reader) {
    values_.clear();
    std::size_t at = 0;
    for (bool more = true; more;) {
      std::string& value = values_.emplace_back();
      if (at < line.size() && line[at] == '"') at = quoted(line, at + 1, value, reader);
      const std::size_t end = std::min(line.find(form_.separator, at), line.size());
      value.append(line, at, end - at);
      more = end < line.size();
      at = end + 1;
    }
  }

  /// The rest of a value in quotes, from `at`; returns what follows the closing quote.
  static std::size_t quoted(std::string& line, std::size_t at, std::string& value, LineReader& reader) {
    for (;;) {
      const std::size_t quote = line.find('"', at);
      value.append(line, at, quote - at);
      if (quote == std::string::npos) {
        require(reader.next(line), "a quote has no end");
        value += '\n';
        at = 0;
      } else if (quote + 1 < line.size() && line[quote + 1] == '"') {
        value += '"';
        at = quote + 2;
      } else {
        return quote + 1;
      }
    }
  }

  TableForm form_;
  std::vector<std::string> names_, values_;
  std::unordered_map<std::string, std::size_t> columns_;
  std::optional<std::string> first_;  ///< where no header is: that line, not taken yet
};

class TableFile::JsonRows final : public Rows {
 public:
  explicit JsonRows(const TableForm& form) : form_(form) {}

  void take(std::string& line, LineReader&) override {
    row_ = with_context("not JSON", [&] { return nlohmann::json::parse(line); });
    require(row_.is_object(), "the line is no JSON object");
    texts_.clear();
  }

  std::optional<std::string_view> value(const std::string& column) override {
    const nlohmann::json* place = &row_;
    for (std::size_t at = 0; at <= column.size();) {
      const std::size_t end = std::min(column.find('.', at), column.size());
      if (!place->is_object()) return std::nullopt;
      const auto found = place->find(column.substr(at, end - at));
      if (found == place->end()) return std::nullopt;
      place = &*found;
      at = end + 1;
    }
    if (place->is_null()) return std::nullopt;
    const std::string& text = texts_.insert_or_assign(column, text_of(*place, column)).first->second;
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
  }

 private:
  std::string text_of(const nlohmann::json& value, const std::string& column) const {
    require(!value.is_object(), "'{}' is an object; name the value in it", column);
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array()) return value.dump();
    std::string list;
    for (const nlohmann::json& element : value) {
      require(!element.is_structured(), "'{}' is a list of lists or objects", column);
      const std::string text = element.is_string() ? element.get<std::string>() : element.dump();
      require(text.find(form_.lists) == std::string::npos,
              "'{}' has the element '{}', which holds the separator of lists; set another list_separator",
              column, text);
      if (!list.empty()) list += form_.lists;
      list += text;
    }
    return list;
  }

  TableForm form_;
  nlohmann::json row_;
  std::unordered_map<std::string, std::string> texts_;  ///< of the row, for string_views
};

namespace {

bool is_json_table(const std::filesystem::path& path) {
  const std::filesystem::path ending = unpacked_name(path).extension();
  return ending == ".jsonl" || ending == ".json" || ending == ".ndjson";
}

}  // namespace

TableFile::TableFile(const std::filesystem::path& path, const TableForm& form)
    : reader_(path), missing_(form.missing) {
  if (is_json_table(path))
    rows_ = std::make_unique<JsonRows>(form);
  else
    rows_ = std::make_unique<SeparatedRows>(form, reader_);
}

TableFile::~TableFile() = default;

bool TableFile::next() {
  std::string line;
  if (!rows_->next_line(line, reader_)) return false;
  line_ = reader_.line_number();
  rows_->take(line, reader_);
  return true;
}

std::optional<std::string_view> TableFile::value(const std::string& column) {
  const auto value = rows_->value(column);
  return value && std::ranges::find(missing_, *value) != missing_.end() ? std::nullopt : value;
}

std::string TableFile::where() const {
  return fmt::format("{}:{}", path().string(), line_);
}

}  // namespace pagewright
