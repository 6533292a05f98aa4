#include "rewards/models/feedback_pages.hpp"

namespace pagewright {

std::vector<FeedbackPage> feedback_pages(const FeedbackLog& log, const PageSchema& schema, Split split) {
  std::vector<FeedbackPage> result;
  for (const LoggedPage& logged : log.pages) {
    const LoggedRequest& request = log.requests[static_cast<std::size_t>(logged.request)];
    if (request.split != split || logged.revisit_of) continue;
    if (!page_violations(schema, request.request, logged.page).empty()) continue;
    FeedbackPage& page = result.emplace_back();
    page.request = logged.request;
    page.page = logged.page;
    for (const SlotFeedback& slot : slot_feedback(logged)) {
      page.purchased.push_back(slot.purchases > 0 ? 1.0F : 0.0F);
      page.clicked.push_back(slot.clicks > 0 || slot.purchases > 0 ? 1.0F : 0.0F);
    }
  }
  return result;
}

}  // namespace pagewright
