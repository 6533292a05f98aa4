#include "core/page/template_field.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

namespace pagewright {
namespace {

using FieldValue = TemplateField::Value;

constexpr int kLargestTable = 1 << 22;
constexpr int kTextTokens = 32;  ///< of a text that does not say

/// What a source is: where it may stand, whether it can be a text or a number, and its range if none is
/// given.
struct FieldSource {
  std::string_view name;
  FieldValue value;
  bool in_context;
  bool in_history;
  bool in_candidate;
  bool is_text;
  bool is_number;
  double low;
  double high;  ///< 0: as many as there are buckets, so that each whole number has its own
  bool log_scale = false;
};

constexpr double kMonth = 30.0 * 24 * 3600;

constexpr std::array kFieldSources = {
    FieldSource{"query", FieldValue::query, true, false, false, true, false, 0, 0},
    FieldSource{"context.", FieldValue::context, true, false, false, true, true, 0, 1},
    FieldSource{"id", FieldValue::id, false, true, true, true, false, 0, 0},
    FieldSource{"title", FieldValue::title, false, true, true, true, false, 0, 0},
    FieldSource{"category", FieldValue::category, false, true, true, true, false, 0, 0},
    FieldSource{"brand", FieldValue::brand, false, true, true, true, false, 0, 0},
    FieldSource{"seller", FieldValue::seller, false, true, true, true, false, 0, 0},
    FieldSource{"currency", FieldValue::currency, false, true, true, true, false, 0, 0},
    FieldSource{"price", FieldValue::price, false, true, true, false, true, 100, 1e6},
    FieldSource{"ad", FieldValue::ad, false, true, true, false, true, 0, 2},
    FieldSource{"features.", FieldValue::feature, false, true, true, false, true, 0, 1},
    FieldSource{"rank", FieldValue::rank, false, false, true, false, true, 0, 0},
    FieldSource{"price_rank", FieldValue::price_rank, false, false, true, false, true, 0, 1},
    FieldSource{"history_count", FieldValue::history_count, false, false, true, false, true, 0, 0},
    FieldSource{"last_touched", FieldValue::last_touched, false, false, true, false, true, 0, 0},
    FieldSource{"last_action", FieldValue::last_action, false, false, true, false, true, 0, 4},
    FieldSource{"action", FieldValue::action, false, true, false, false, true, 0, 4},
    FieldSource{"age", FieldValue::age, false, true, false, false, true, 1, kMonth, true},
};

bool field_allowed_in(const FieldSource& source, TemplateGroup group) {
  if (group == TemplateGroup::context) return source.in_context;
  return group == TemplateGroup::history ? source.in_history : source.in_candidate;
}

const FieldSource& find_field_source(std::string_view written, std::string_view text, TemplateGroup group) {
  std::string known;
  for (const FieldSource& source : kFieldSources) {
    const bool named = source.name.back() == '.';
    const bool match =
        named ? written.substr(0, source.name.size()) == source.name && written.size() > source.name.size()
              : written == source.name;
    if (match && field_allowed_in(source, group)) return source;
    if (field_allowed_in(source, group))
      known += fmt::format("{}{}{}", known.empty() ? "" : ", ", source.name, named ? "NAME" : "");
  }
  fail("field {} has no source `{}` here; there are {}", text, written, known);
}

std::vector<std::string_view> split_field(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<double> field_number(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

int field_table_size(std::string_view digits, std::string_view text) {
  int size = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  require(
      problem == std::errc() && end == digits.data() + digits.size() && size >= 1 && size <= kLargestTable,
      "field {} needs a table size from 1 to {}, not `{}`", text, kLargestTable, digits);
  return size;
}

/// Reads [:log][:LOW:HIGH] behind the number of buckets.
void read_bucket_range(TemplateField& field, const FieldSource& source, std::vector<std::string_view> rest,
                       std::string_view text) {
  field.low = source.low;
  field.high = source.high > 0 ? source.high : field.size;
  field.log_scale = source.log_scale;
  if (!rest.empty() && rest.front() == "log") {
    field.log_scale = true;
    rest.erase(rest.begin());
  } else if (!rest.empty()) {
    field.log_scale = false;
  }
  if (!rest.empty()) {
    const std::optional<double> low = field_number(rest.front());
    const std::optional<double> high = rest.size() == 2 ? field_number(rest.back()) : std::nullopt;
    require(low && high, "field {} must read {{{}|bucket:SIZE[:log][:LOW:HIGH]}}", text, field.source);
    field.low = *low;
    field.high = *high;
  }
  require(field.low < field.high, "field {}: the range needs low < high, not {}:{}", text, field.low,
          field.high);
  require(!field.log_scale || field.low > 0,
          "field {}: a logarithmic range must begin above 0; write {{{}|bucket:{}:log:LOW:HIGH}}", text,
          field.source, field.size);
}

}  // namespace

TokenId TemplateField::number(double number) const {
  if (std::isnan(number)) return absent();
  double share = 0;
  if (log_scale)
    share = number <= low ? 0 : std::log(number / low) / std::log(high / low);
  else
    share = (number - low) / (high - low);
  const double bucket = std::floor(std::clamp(share, 0.0, 1.0) * size);
  return first_token + std::min(static_cast<int>(bucket), size - 1);
}

TokenId TemplateField::text(std::string_view text) const {
  if (text.empty()) return absent();
  return first_token + static_cast<TokenId>(stable_hash(text) % static_cast<std::uint64_t>(size));
}

std::string TemplateField::str() const {
  if (kind == Kind::text) return fmt::format("{{{}|text:{}}}", source, size);
  if (kind == Kind::hash) return fmt::format("{{{}|hash:{}}}", source, size);
  return fmt::format("{{{}|bucket:{}{}:{}:{}}}", source, size, log_scale ? ":log" : "", low, high);
}

std::string TemplateField::table_key() const {
  TemplateField shared = *this;
  if (value == Value::last_action) shared.source = "action";
  return shared.str();
}

TemplateField parse_template_field(std::string_view text, TemplateGroup group) {
  require(
      text.size() > 2 && text.front() == '{' && text.back() == '}',
      "field `{}` must be written in braces: {{SOURCE|bucket:SIZE}}, {{SOURCE|hash:SIZE}} or {{SOURCE|text}}",
      text);
  const std::vector<std::string_view> halves = split_field(text.substr(1, text.size() - 2), '|');
  require(halves.size() == 2, "field {} must have one `|` between its source and its kind", text);
  const FieldSource& source = find_field_source(halves[0], text, group);
  std::vector<std::string_view> parts = split_field(halves[1], ':');

  TemplateField field;
  field.source = halves[0];
  field.value = source.value;
  if (source.name.back() == '.') field.name = halves[0].substr(source.name.size());
  if (parts[0] == "text") {
    require(parts.size() <= 2, "field {} must read {{{}|text}} or {{{}|text:TOKENS}}", text, field.source,
            field.source);
    field.kind = TemplateField::Kind::text;
    field.size = parts.size() == 2 ? field_table_size(parts[1], text) : kTextTokens;
    return field;
  }
  require((parts[0] == "hash" || parts[0] == "bucket") && parts.size() >= 2,
          "field {} must end in bucket:SIZE, hash:SIZE or text, not `{}`", text, halves[1]);
  field.size = field_table_size(parts[1], text);
  if (parts[0] == "hash") {
    require(source.is_text, "field {}: `{}` is a number; use bucket:{}", text, field.source, field.size);
    require(parts.size() == 2, "field {} must read {{{}|hash:SIZE}}", text, field.source);
    field.kind = TemplateField::Kind::hash;
    return field;
  }
  require(source.is_number, "field {}: `{}` is a text; use hash:{}", text, field.source, field.size);
  field.kind = TemplateField::Kind::bucket;
  read_bucket_range(field, source, {parts.begin() + 2, parts.end()}, text);
  return field;
}

}  // namespace pagewright
