#pragma once
// Small pieces of HTML and of text for people.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pagewright {

/// Text as it may stand between tags and in quoted attributes.
std::string escape_html(std::string_view text);

/// A number with about four figures, thousands apart: "0.0123", "1.234", "12,345"; "–" for what is no number.
std::string number_text(double value);
/// "+1.234"; the minus is U+2212.
std::string signed_text(double value);
/// 0.172 as "+17.2 %".
std::string signed_percent(double share);
/// 0.172 as "17.2 %".
std::string percent_text(double share);
std::string count_text(std::int64_t count);

/// A price in minor units with its currency: "12.50 €", "1,200 ¥"; `XXX` stands for no known currency.
/// "no price" when there is none.
std::string price_text(std::optional<std::int64_t> price, std::string_view currency);

/// "<p class=missing>": says in words what is not there and what to do. `text` is escaped.
std::string missing_note(std::string_view text);

}  // namespace pagewright
