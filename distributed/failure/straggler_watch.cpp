#include "distributed/failure/straggler_watch.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

double straggler_median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double straggler_sum(std::span<const double> seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

}  // namespace

StragglerWatch::StragglerWatch(int ranks, std::vector<std::string> parts, StragglerRules rules)
    : parts_(std::move(parts)), rules_(rules), tracks_(static_cast<std::size_t>(ranks)) {
  require(ranks >= 2 && !parts_.empty(), "{} ranks with {} parts of work cannot be compared", ranks,
          parts_.size());
}

std::vector<Straggler> StragglerWatch::observe(std::int64_t iteration, std::span<const double> seconds) {
  const std::size_t parts = parts_.size();
  require(seconds.size() == tracks_.size() * parts, "{} times are not {} of each of {} ranks", seconds.size(),
          parts, tracks_.size());
  if (!std::exchange(warm_, true)) return {};

  std::vector<Straggler> found;
  for (std::size_t rank = 0; rank < tracks_.size(); ++rank) {
    const auto own = seconds.subspan(rank * parts, parts);
    std::vector<double> other_sums;
    std::vector<std::vector<double>> other_parts(parts);
    for (std::size_t other = 0; other < tracks_.size(); ++other) {
      if (other == rank) continue;
      other_sums.push_back(straggler_sum(seconds.subspan(other * parts, parts)));
      for (std::size_t part = 0; part < parts; ++part)
        other_parts[part].push_back(seconds[other * parts + part]);
    }
    const double usual = straggler_median(other_sums), needed = straggler_sum(own);
    Track& track = tracks_[rank];
    if (needed <= rules_.factor * usual || needed - usual <= rules_.least_seconds) {
      track.slow = 0;
      if (++track.calm >= rules_.iterations) track.named = false;
      continue;
    }
    track.calm = 0;
    if (track.slow++ == 0) {
      track.since = iteration;
      track.own.assign(parts, 0);
      track.others.assign(parts, 0);
    }
    for (std::size_t part = 0; part < parts; ++part) {
      track.own[part] += own[part];
      track.others[part] += straggler_median(other_parts[part]);
    }
    if (track.slow == rules_.iterations && !std::exchange(track.named, true))
      found.push_back(describe(static_cast<int>(rank), track));
  }
  return found;
}

Straggler StragglerWatch::describe(int rank, const Track& track) const {
  std::size_t worst = 0;
  const auto loss = [&](std::size_t part) { return track.own[part] - track.others[part]; };
  for (std::size_t part = 1; part < parts_.size(); ++part)
    if (loss(part) > loss(worst)) worst = part;
  return {rank,
          track.since,
          straggler_sum(track.own) / std::max(straggler_sum(track.others), 1e-9),
          parts_[worst],
          track.own[worst] / track.slow,
          track.others[worst] / track.slow};
}

std::string straggler_text(const std::string& name, const Straggler& straggler) {
  return fmt::format(
      "{} takes {:.1f} times as long as the others since iteration {}: {} {:.0f} ms against {:.0f} ms", name,
      straggler.factor, straggler.since, straggler.part, 1e3 * straggler.seconds,
      1e3 * straggler.others_seconds);
}

}  // namespace pagewright
