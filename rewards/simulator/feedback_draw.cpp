#include "rewards/simulator/feedback_draw.hpp"

#include <cmath>

namespace pagewright {

std::vector<Event> draw_feedback(const PageTruth& truth, const ClickConfig& noise, std::int64_t timestamp,
                                 CounterRandom random) {
  constexpr std::int64_t kSecondsPerSlot = 4, kSecondsToBuy = 90;
  std::vector<Event> events;
  for (std::size_t k = 0; k < truth.slots.size(); ++k) {
    const SlotTruth& slot = truth.slots[k];
    // The same number of draws for every slot, whatever happens on it.
    const double look = random.uniform(), liking = random.uniform(), wallet = random.uniform(),
                 recording = random.uniform();
    const bool clicks = look < slot.examination && liking < slot.attractiveness;
    const bool buys = clicks && wallet < slot.purchase_given_click;
    const bool logged_click =
        buys || (clicks ? recording >= noise.missed_clicks : recording < noise.random_clicks);
    const std::int64_t when = timestamp + kSecondsPerSlot * static_cast<std::int64_t>(k + 1);
    const auto place = static_cast<std::int32_t>(k);
    if (logged_click) events.push_back({EventKind::click, place, when, std::nullopt, 1});
    if (buys)
      events.push_back({EventKind::purchase, place, when + kSecondsToBuy, std::llround(slot.price), 1});
  }
  return events;
}

}  // namespace pagewright
