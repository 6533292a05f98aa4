#include "rewards/models/feedback_pages.hpp"

namespace pagewright {

std::vector<FeedbackPage> feedback_pages(const FeedbackLog& log, const PageSchema& schema,
                                         const GainConfig& gains, Split split) {
  std::vector<FeedbackPage> result;
  for (const LoggedPage& logged : log.pages) {
    if (!gains.learns_from(log, logged, split)) continue;
    const Request& request = log.requests[static_cast<std::size_t>(logged.request)].request;
    if (!page_violations(schema, request, logged.page).empty()) continue;
    FeedbackPage& page = result.emplace_back();
    page.request = logged.request;
    page.page = logged.page;
    for (const SlotFeedback& slot : slot_feedback(logged)) {
      page.purchased.push_back(slot.purchases > 0 ? 1.0F : 0.0F);
      page.clicked.push_back(slot.clicked() ? 1.0F : 0.0F);
      page.carted.push_back(slot.carts > 0 ? 1.0F : 0.0F);
      page.paid.push_back(slot.purchases > 0 ? static_cast<float>(slot.revenue) : 0.0F);
    }
  }
  return result;
}

}  // namespace pagewright
