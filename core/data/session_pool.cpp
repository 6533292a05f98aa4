#include "core/data/session_pool.hpp"

#include <utility>

namespace pagewright {

SessionPool::SessionPool(std::size_t sessions, std::uint64_t seed)
    : capacity_(sessions), random_(seed, RandomStream::other_sessions) {}

bool SessionPool::wants_next() {
  ++seen_;
  if (seen_ <= capacity_) {
    place_ = sessions_.size();
    sessions_.emplace_back();
    return true;
  }
  place_ = static_cast<std::size_t>(random_.below(seen_));
  return place_ < capacity_;
}

void SessionPool::keep(std::vector<std::int64_t> items) {
  sessions_.at(place_) = std::move(items);
}

std::vector<std::int64_t> SessionPool::draw(std::size_t count, const std::unordered_set<std::int64_t>& own,
                                            CounterRandom& random) const {
  std::vector<std::int64_t> drawn;
  if (sessions_.empty()) return drawn;
  std::unordered_set<std::int64_t> taken;
  for (std::size_t left = 50 * count; left > 0 && drawn.size() < count; --left) {
    const auto& session = sessions_[static_cast<std::size_t>(random.below(sessions_.size()))];
    if (session.empty()) continue;
    const std::int64_t item = session[static_cast<std::size_t>(random.below(session.size()))];
    if (!own.contains(item) && taken.insert(item).second) drawn.push_back(item);
  }
  return drawn;
}

}  // namespace pagewright
