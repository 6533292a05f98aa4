#include "launch/report/html.hpp"

#include <cmath>

#include <fmt/format.h>

#include "core/page/currency.hpp"

namespace pagewright {
namespace {

constexpr const char* kMinus = "\u2212";

std::string with_thousands(std::string digits) {
  std::size_t end = digits.find('.');
  if (end == std::string::npos) end = digits.size();
  for (std::size_t at = end; at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits[0] == ',' ? digits.substr(1) : digits;
}

std::string magnitude_text(double value) {
  const double size = std::abs(value);
  if (size >= 1000) return with_thousands(fmt::format("{:.0f}", size));
  if (size >= 100) return fmt::format("{:.1f}", size);
  if (size >= 10) return fmt::format("{:.2f}", size);
  if (size >= 1 || size == 0) return fmt::format("{:.3f}", size);
  return size >= 0.001 ? fmt::format("{:.4f}", size) : fmt::format("{:.1e}", size);
}

std::string currency_symbol(std::string_view currency) {
  if (currency == "EUR") return "€";
  if (currency == "USD") return "$";
  if (currency == "GBP") return "£";
  if (currency == "JPY") return "¥";
  return currency == kNoCurrency ? std::string() : std::string(currency);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "–";
  return (value < 0 ? kMinus : "") + magnitude_text(value);
}

std::string signed_text(double value) {
  if (!std::isfinite(value)) return "–";
  return (value < 0 ? kMinus : "+") + magnitude_text(value);
}

std::string percent_text(double share) {
  if (!std::isfinite(share)) return "–";
  const std::string digits = fmt::format("{:.1f}", std::abs(100 * share));
  return (share < 0 && digits != "0.0" ? kMinus : "") + digits + "\u00a0%";
}

std::string signed_percent(double share) {
  const std::string text = percent_text(share);
  return share >= 0 || text == "0.0\u00a0%" ? "+" + text : text;
}

std::string count_text(std::int64_t count) {
  return with_thousands(std::to_string(count));
}

std::string price_text(std::optional<std::int64_t> price, std::string_view currency) {
  if (!price) return "no price";
  const int digits = minor_digits(currency);
  const double amount = static_cast<double>(*price) / std::pow(10.0, digits);
  const std::string symbol = currency_symbol(currency);
  return with_thousands(fmt::format("{:.{}f}", amount, digits)) + (symbol.empty() ? "" : "\u00a0" + symbol);
}

std::string missing_note(std::string_view text) {
  return "<p class=\"missing\">" + escape_html(text) + "</p>\n";
}

}  // namespace pagewright
