#include "core/data/otto_session.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"

namespace pagewright {
namespace {

std::int64_t otto_integer(const JsonObject& object, const char* key) {
  const auto value = object.integer(key);
  if (!value) object.complain(key, "missing");
  if (*value < 0) object.complain(key, "must be an integer of at least 0");
  return *value;
}

ActionKind otto_kind(const JsonObject& event) {
  const std::string type = event.required_text("type");
  if (type == "clicks") return ActionKind::click;
  if (type == "carts") return ActionKind::cart;
  if (type == "orders") return ActionKind::purchase;
  event.complain("type", fmt::format("'{}' is none of clicks, carts and orders", type));
}

}  // namespace

OttoSession parse_otto_session(std::string_view line) {
  constexpr std::array<std::string_view, 2> session_keys = {"session", "events"};
  constexpr std::array<std::string_view, 3> event_keys = {"aid", "ts", "type"};
  const auto json = parse_json(line);
  const JsonObject root(json, "");
  root.only(session_keys);
  OttoSession session;
  if (!root.has("session")) root.complain("session", "missing");
  session.id = root.any_text("session");
  if (!root.has("events")) root.complain("events", "missing");
  std::int64_t last = 0;
  for (const JsonObject& event : root.objects("events")) {
    event.only(event_keys);
    const std::int64_t milliseconds = otto_integer(event, "ts");
    if (milliseconds < last) event.complain("ts", "is before the event before it");
    last = milliseconds;
    session.actions.push_back({otto_integer(event, "aid"), milliseconds / 1000, otto_kind(event)});
  }
  return session;
}

}  // namespace pagewright
