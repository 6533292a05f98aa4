#include "core/page/field_value.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/error.hpp"
#include "core/page/currency.hpp"

namespace pagewright {
namespace {

using FieldValue = TemplateField::Value;

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

/// The text behind a field whose source is one; null for the others.
const std::string* text_value(const TemplateField& field, const FieldPlace& place) {
  static const std::string kNone;
  switch (field.value) {
    case FieldValue::query:
      return &place.request->query;
    case FieldValue::context: {
      const auto found = place.request->context.find(field.name);
      return found == place.request->context.end() ? &kNone : &found->second;
    }
    case FieldValue::id:
      return &place.item->id;
    case FieldValue::title:
      return &place.item->title;
    case FieldValue::category:
      return &place.item->category;
    case FieldValue::brand:
      return &place.item->brand;
    case FieldValue::seller:
      return &place.item->seller;
    case FieldValue::currency:
      return &place.item->currency;
    default:
      return nullptr;
  }
}

double written_number(const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size() ? value : kAbsent;
}

double age_of(const HistoryAction& action, const Request& request) {
  if (action.timestamp == 0 || request.timestamp == 0) return kAbsent;
  return static_cast<double>(request.timestamp - action.timestamp);
}

/// The number behind a field; NaN if it is absent.
double number_value(const TemplateField& field, const FieldPlace& place) {
  switch (field.value) {
    case FieldValue::context:
      return written_number(*text_value(field, place));
    case FieldValue::price:
      return place.item->price ? static_cast<double>(*place.item->price) : kAbsent;
    case FieldValue::ad:
      return place.item->ad ? 1 : 0;
    case FieldValue::feature: {
      const auto found = place.item->features.find(field.name);
      return found == place.item->features.end() ? kAbsent : found->second;
    }
    case FieldValue::rank:
      return place.rank;
    case FieldValue::price_rank:
      return place.facts->price_rank;
    case FieldValue::history_count:
      return place.facts->history_count;
    case FieldValue::last_touched:
      return place.facts->last_touched < 0 ? kAbsent : place.facts->last_touched;
    case FieldValue::last_action:
      return place.facts->last_touched < 0 ? kAbsent : static_cast<int>(place.facts->last_action);
    case FieldValue::action:
      return static_cast<int>(place.action->kind);
    case FieldValue::age:
      return age_of(*place.action, *place.request);
    default:
      fail("field {} is no number", field.str());
  }
}

std::string price_words(const Item& item) {
  const int digits = minor_digits(item.currency);
  std::int64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  std::string words = fmt::format("{}", *item.price / unit);
  if (digits > 0) words += fmt::format(".{:0{}}", *item.price % unit, digits);
  return item.currency.empty() || item.currency == kNoCurrency ? words : words + " " + item.currency;
}

std::string age_words(double seconds) {
  struct Unit {
    double seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  for (const Unit& unit : kUnits) {
    if (seconds < unit.seconds && unit.seconds > 1) continue;
    const auto count = static_cast<std::int64_t>(std::max(0.0, seconds) / unit.seconds);
    return fmt::format("{} {}{} ago", count, unit.name, count == 1 ? "" : "s");
  }
  return {};
}

std::string action_words(ActionKind kind) {
  constexpr const char* kWords[] = {"viewed", "clicked", "put in the cart", "bought"};
  return kWords[static_cast<int>(kind)];
}

std::string number_words(const TemplateField& field, const FieldPlace& place, double number) {
  switch (field.value) {
    case FieldValue::price:
      return price_words(*place.item);
    case FieldValue::ad:
      return place.item->ad ? "sponsored" : "not sponsored";
    case FieldValue::action:
      return action_words(place.action->kind);
    case FieldValue::last_action:
      return action_words(place.facts->last_action);
    case FieldValue::age:
      return age_words(number);
    case FieldValue::price_rank:
      return fmt::format("{:.0f} %", 100 * number);
    default:
      return fmt::format("{:.4g}", number);
  }
}

}  // namespace

TokenId field_token(const TemplateField& field, const FieldPlace& place) {
  if (field.kind == TemplateField::Kind::bucket) return field.number(number_value(field, place));
  require(field.kind == TemplateField::Kind::hash, "field {} is no single token", field.str());
  return field.text(*text_value(field, place));
}

std::string field_words(const TemplateField& field, const FieldPlace& place) {
  static const std::string kUnknown = "unknown";
  if (const std::string* text = text_value(field, place)) return text->empty() ? kUnknown : *text;
  const double number = number_value(field, place);
  return std::isnan(number) ? kUnknown : number_words(field, place, number);
}

}  // namespace pagewright
