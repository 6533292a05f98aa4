#include "core/data/log_hash.hpp"

#include <cstdint>
#include <string_view>

#include "core/base/sha256.hpp"
#include "core/data/feedback_log.hpp"

namespace pagewright {

std::string log_hash(const FeedbackLog& log) {
  Sha256 hash;
  std::string row;
  const auto number = [&](std::int64_t value) { row += std::to_string(value) + ";"; };
  const auto text = [&](std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    row += value;
  };
  const auto add_row = [&] {
    number(static_cast<std::int64_t>(row.size()));
    hash.update(row);
    row.clear();
  };
  number(static_cast<std::int64_t>(log.requests.size()));
  for (const LoggedRequest& logged : log.requests) {
    text(logged.request.id);
    text(logged.request.user);
    number(logged.request.timestamp);
    for (const Item& item : logged.request.candidates) text(item.id);
    add_row();
  }
  for (const LoggedPage& page : log.pages) {
    text(page.page_id);
    number(page.request);
    number(page.timestamp);
    for (const std::int32_t item : page.page.items()) number(item);
    add_row();
  }
  return hash.hex();
}

}  // namespace pagewright
