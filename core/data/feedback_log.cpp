#include "core/data/feedback_log.hpp"

namespace pagewright {

std::vector<SlotFeedback> slot_feedback(const LoggedPage& page) {
  std::vector<SlotFeedback> slots(static_cast<std::size_t>(page.page.slot_count()));
  for (const auto& event : page.events) {
    auto& slot = slots.at(static_cast<std::size_t>(event.slot));
    switch (event.kind) {
      case EventKind::impression:
        break;
      case EventKind::click:
        ++slot.clicks;
        break;
      case EventKind::cart:
        slot.carts += event.quantity;
        break;
      case EventKind::purchase:
        slot.purchases += event.quantity;
        slot.revenue += static_cast<double>(event.price.value_or(0)) * event.quantity;
        break;
    }
  }
  return slots;
}

}  // namespace pagewright
