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
      case EventKind::dismiss:
        ++slot.dismissals;
        break;
      case EventKind::purchase_return:
        slot.returns += event.quantity;
        break;
    }
  }
  return slots;
}

std::vector<const Request*> training_requests(const FeedbackLog& log) {
  std::vector<const Request*> requests;
  for (const LoggedRequest& logged : log.requests)
    if (logged.split == Split::train) requests.push_back(&logged.request);
  return requests;
}

}  // namespace pagewright
