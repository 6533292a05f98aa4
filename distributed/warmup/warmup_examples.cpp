#include "distributed/warmup/warmup_examples.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace pagewright {

namespace {

/// Slot numbers by falling engagement; a stable order.
std::vector<std::size_t> by_engagement(const std::vector<SlotFeedback>& feedback) {
  std::vector<std::size_t> slots(feedback.size());
  std::iota(slots.begin(), slots.end(), std::size_t{0});
  const auto key = [&](std::size_t k) {
    return std::tuple(feedback[k].purchases, feedback[k].carts, feedback[k].clicks);
  };
  std::stable_sort(slots.begin(), slots.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return slots;
}

Page refilled(Page page, const std::vector<std::int32_t>& items) {
  std::size_t next = 0;
  for (PageSection& section : page.sections)
    for (std::int32_t& item : section.items) item = items[next++];
  return page;
}

bool is_engaged(const SlotFeedback& slot) {
  return slot.clicks > 0 || slot.carts > 0 || slot.purchases > 0;
}

}  // namespace

WarmupExamples warmup_examples(const FeedbackLog& log, const PageSchema& schema, Split split,
                               WarmupTarget target) {
  WarmupExamples result;
  for (const LoggedPage& logged : log.pages) {
    const LoggedRequest& request = log.requests[static_cast<std::size_t>(logged.request)];
    if (request.split != split) continue;
    if (!page_violations(schema, request.request, logged.page).empty()) {
      ++result.invalid;
      continue;
    }
    const std::vector<SlotFeedback> feedback = slot_feedback(logged);
    WarmupExample example{logged.request, logged.page, {}};
    for (const SlotFeedback& slot : feedback) example.engaged.push_back(is_engaged(slot));
    if (target == WarmupTarget::engaged_first) {
      const std::vector<std::int32_t> shown = logged.page.items();
      std::vector<std::int32_t> items;
      std::vector<std::uint8_t> engaged;
      for (std::size_t k : by_engagement(feedback)) {
        items.push_back(shown[k]);
        engaged.push_back(example.engaged[k]);
      }
      Page moved = refilled(logged.page, items);
      if (page_violations(schema, request.request, moved).empty()) {
        example.target = std::move(moved);
        example.engaged = std::move(engaged);
      } else {
        ++result.kept_as_shown;
      }
    }
    result.examples.push_back(std::move(example));
  }
  return result;
}

}  // namespace pagewright
