#pragma once
// Items of other sessions, from which an importer draws those that a session did not go on to touch.

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "core/base/rng.hpp"

namespace pagewright {

/// A uniform sample of so many sessions of a stream of unknown length (Vitter 1985, algorithm R), each as its
/// items, one an action. Memory does not grow with the stream, and the same stream and seed give the same
/// sample.
class SessionPool {
 public:
  SessionPool(std::size_t sessions, std::uint64_t seed);

  /// Whether the next session of the stream is kept, and in whose place: call keep() for it then.
  bool wants_next();
  /// [actions] items of the session that wants_next() accepted last.
  void keep(std::vector<std::int64_t> items);

  /// Up to `count` different items that are not in `own`: a session of the sample with the same probability
  /// each, then one of its actions. An item is thus drawn by its popularity, with every session weighing the
  /// same. Fewer where the sample has hardly any others: after 50 draws an item wanted it gives up.
  std::vector<std::int64_t> draw(std::size_t count, const std::unordered_set<std::int64_t>& own,
                                 CounterRandom& random) const;

 private:
  std::size_t capacity_;
  CounterRandom random_;
  std::uint64_t seen_ = 0;
  std::size_t place_ = 0;
  std::vector<std::vector<std::int64_t>> sessions_;  ///< [sessions][actions]
};

}  // namespace pagewright
