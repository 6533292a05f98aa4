// Negative controls of a log.
#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/base/rng.hpp"
#include "rewards/simulator/simulated_log.hpp"

namespace pagewright {
namespace {

/// Purchases carry the price of the item that now stands in their slot.
void reprice_events(const FeedbackLog& log, LoggedPage& page) {
  const std::vector<std::int32_t> items = page.page.items();
  const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
  for (Event& event : page.events) {
    const auto candidate = static_cast<std::size_t>(items[static_cast<std::size_t>(event.slot)]);
    if (event.kind == EventKind::purchase) event.price = request.candidates[candidate].price;
  }
}

void permute_page(LoggedPage& page, CounterRandom random) {
  std::vector<std::int32_t> new_slot(static_cast<std::size_t>(page.page.slot_count()));
  std::iota(new_slot.begin(), new_slot.end(), 0);
  random.shuffle(std::span<std::int32_t>(new_slot));
  for (Event& event : page.events) event.slot = new_slot[static_cast<std::size_t>(event.slot)];
}

/// Passes each page's events on along one random cycle, so that no page keeps its own.
void move_events(FeedbackLog& log, std::vector<std::size_t> pages, CounterRandom random) {
  random.shuffle(std::span<std::size_t>(pages));
  if (pages.empty()) return;
  std::vector<Event> carried = std::move(log.pages[pages.back()].events);
  std::int64_t carried_time = log.pages[pages.back()].timestamp;
  for (const std::size_t page : pages) {
    std::swap(carried, log.pages[page].events);
    const std::int64_t shift = log.pages[page].timestamp - carried_time;
    carried_time = log.pages[page].timestamp;
    for (Event& event : log.pages[page].events) event.timestamp += shift;
  }
}

}  // namespace

void apply_control(FeedbackLog& log, LogControl control, std::uint64_t seed) {
  if (control == LogControl::none) return;
  std::map<int, std::vector<std::size_t>> pages_by_slots;
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    LoggedPage& page = log.pages[i];
    if (log.requests[static_cast<std::size_t>(page.request)].split == Split::test) continue;
    pages_by_slots[page.page.slot_count()].push_back(i);
    if (control == LogControl::permuted)
      permute_page(page, CounterRandom(seed, RandomStream::controls, 1, i));
  }
  for (const auto& [slots, pages] : pages_by_slots) {
    const auto key = static_cast<std::uint64_t>(slots);
    if (control == LogControl::moved)
      move_events(log, pages, CounterRandom(seed, RandomStream::controls, 2, key));
    for (const std::size_t page : pages) reprice_events(log, log.pages[page]);
  }
}

}  // namespace pagewright
