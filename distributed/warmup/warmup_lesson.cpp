#include "distributed/warmup/warmup_lesson.hpp"

#include <algorithm>
#include <span>

#include "core/base/rng.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kMostMisses = 3;
constexpr std::size_t kMissPool = 6;  ///< items without engagement of which misses are drawn

/// Slots without engagement that a policy would be likely to fill first: those of items that the user
/// touched, latest first, then the first ones.
std::vector<std::size_t> likely_misses(const WarmupExample& example, const Request& request) {
  const std::vector<std::int32_t> items = example.target.items();
  std::vector<std::size_t> pool;
  const auto add = [&](std::size_t slot) {
    if (pool.size() < kMissPool && example.engaged[slot] == 0 &&
        std::find(pool.begin(), pool.end(), slot) == pool.end())
      pool.push_back(slot);
  };
  for (auto action = request.history.rbegin(); action != request.history.rend(); ++action)
    for (std::size_t slot = 0; slot < items.size(); ++slot)
      if (request.candidates[static_cast<std::size_t>(items[slot])].id == action->item.id) add(slot);
  for (std::size_t slot = 0; slot < items.size(); ++slot) add(slot);
  return pool;
}

/// Slots in their new order: the drawn misses, then all others as they stand.
std::vector<std::size_t> misses_first(const std::vector<std::uint8_t>& engaged, std::size_t misses,
                                      std::vector<std::size_t> pool, CounterRandom& random) {
  random.shuffle(std::span(pool));
  pool.resize(misses);
  std::sort(pool.begin(), pool.end());
  std::vector<std::size_t> order = pool;
  for (std::size_t slot = 0; slot < engaged.size(); ++slot)
    if (std::find(pool.begin(), pool.end(), slot) == pool.end()) order.push_back(slot);
  return order;
}

}  // namespace

WarmupLesson warmup_lesson(const WarmupExample& example, const WarmupConfig& config, const PageSchema& schema,
                           const Request& request, std::uint64_t seed, std::uint64_t epoch) {
  WarmupLesson lesson{example.target, {}};
  for (const std::uint8_t engaged : example.engaged)
    lesson.slot_weights.push_back(engaged != 0 ? 1.0 : config.unengaged_weight);
  if (config.misses == 0) return lesson;

  CounterRandom random(seed, RandomStream::misses, epoch, static_cast<std::uint64_t>(example.request));
  std::vector<std::size_t> pool = likely_misses(example, request);
  const bool hit = std::find(example.engaged.begin(), example.engaged.end(), 1) != example.engaged.end();
  if (!hit || pool.empty() || random.uniform() >= config.misses) return lesson;

  const std::size_t misses = 1 + random.below(std::min(kMostMisses, pool.size()));
  const std::vector<std::size_t> order = misses_first(example.engaged, misses, std::move(pool), random);
  const std::vector<std::int32_t> items = example.target.items();
  WarmupLesson missed{example.target, {}};
  std::size_t next = 0;
  for (PageSection& section : missed.page.sections)
    for (std::int32_t& item : section.items) {
      missed.slot_weights.push_back(next < misses ? 0.0 : lesson.slot_weights[order[next]]);
      item = items[order[next++]];
    }
  return page_violations(schema, request, missed.page).empty() ? missed : lesson;
}

}  // namespace pagewright
