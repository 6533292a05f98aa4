#include "core/data/event_kind.hpp"

namespace pagewright {

std::optional<EventKind> event_kind_of_action(std::string_view action) {
  if (action == "impression" || action == "view") return EventKind::impression;
  if (action == "click") return EventKind::click;
  if (action == "add_to_cart") return EventKind::cart;
  if (action == "purchase") return EventKind::purchase;
  if (action == "dismiss" || action == "hide") return EventKind::dismiss;
  if (action == "return") return EventKind::purchase_return;
  return std::nullopt;
}

}  // namespace pagewright
