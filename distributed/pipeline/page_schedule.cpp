#include "distributed/pipeline/page_schedule.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/error.hpp"
#include "distributed/transport/page_messages.hpp"

namespace pagewright {
namespace {

void check_versions(const OrderedPages& ordered) {
  for (const Trajectory& page : ordered.pages.trajectories)
    require(page.policy_version == ordered.policy_version,
            "iteration {}: a page was generated from weights of version {} instead of {}", ordered.iteration,
            page.policy_version, ordered.policy_version);
}

}  // namespace

PageSchedule::PageSchedule(const PpoConfig& config, const PageLanguage& language, PageSource& source,
                           const LearnerLanes& lanes, RequestDraw draw, std::uint64_t seed)
    : config_(config),
      language_(language),
      source_(source),
      lanes_(lanes),
      draw_(std::move(draw)),
      seed_(seed),
      ledger_(lanes) {}

std::vector<KeyedRequest> PageSchedule::requests(std::int64_t iteration) {
  return draw_.draw(static_cast<std::uint64_t>(iteration), lanes_.own());
}

/// The newest iteration whose pages are to be ordered by the start of `iteration`.
std::int64_t PageSchedule::due_at(std::int64_t iteration) const {
  if (iteration >= config_.iterations) return iteration;
  return std::min<std::int64_t>(iteration + config_.max_staleness, config_.iterations - 1);
}

void PageSchedule::order(std::int64_t iteration, std::int64_t now, std::int64_t policy_version,
                         PhaseClock& clock) {
  SampleOptions options;
  options.seed = seed_;
  options.iteration = static_cast<std::uint64_t>(iteration);
  options.samples = config_.samples;
  source_.order(requests(iteration), options, clock);
  under_way_.push_back({iteration, now, policy_version, {}});
  ordered_through_ = iteration;
  ledger_.draw(pages_per_lane());
}

OrderedPages PageSchedule::next(std::int64_t iteration, std::int64_t policy_version, PhaseClock& clock) {
  for (std::int64_t due = std::max(ordered_through_ + 1, iteration); due <= due_at(iteration); ++due)
    order(due, iteration, policy_version, clock);
  std::deque<OrderedPages>& from = held_.empty() ? under_way_ : held_;
  require(!from.empty() && from.front().iteration == iteration,
          "the pages of iteration {} are wanted, but were not ordered", iteration);
  OrderedPages pages = std::move(from.front());
  from.pop_front();
  if (&from == &under_way_) pages.pages = source_.take(clock);
  check_versions(pages);
  return pages;
}

void PageSchedule::collect(PhaseClock& clock) {
  for (; !under_way_.empty(); under_way_.pop_front()) {
    under_way_.front().pages = source_.take(clock);
    held_.push_back(std::move(under_way_.front()));
  }
}

std::vector<WaitingLane> PageSchedule::waiting(PhaseClock& clock) {
  collect(clock);
  std::vector<WaitingLane> waiting;
  const auto share = static_cast<std::size_t>(pages_per_lane());
  for (const OrderedPages& ordered : held_)
    for (std::size_t lane = 0; lane < lanes_.own().size(); ++lane)
      waiting.push_back(
          {ordered.iteration, ordered.ordered_in, ordered.policy_version, lanes_.own()[lane],
           pack_trajectories(std::span(ordered.pages.trajectories).subspan(lane * share, share)),
           pack_scores(std::span(ordered.pages.scores).subspan(lane * share, share))});
  return waiting;
}

void PageSchedule::restore(std::int64_t iteration, const std::vector<WaitingLane>& waiting) {
  require(under_way_.empty(), "a schedule with pages under way cannot be restored");
  held_.clear();
  ordered_through_ = iteration - 1;
  ledger_.reset();
  const std::size_t lanes = lanes_.own().size();
  require(waiting.size() % lanes == 0, "the saved state has pages of {} lanes, this rank has {}",
          waiting.size(), lanes);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const WaitingLane& lane = waiting[i];
    if (i % lanes == 0) {
      held_.push_back({++ordered_through_, lane.ordered_in, lane.policy_version, {}});
      ledger_.draw(pages_per_lane());
    }
    OrderedPages& ordered = held_.back();
    require(lane.iteration == ordered.iteration && lane.lane == lanes_.own()[i % lanes] &&
                lane.ordered_in == ordered.ordered_in && lane.policy_version == ordered.policy_version,
            "the saved pages of lane {} of iteration {} are not those that were waited for", lane.lane,
            lane.iteration);
    std::ranges::move(unpack_trajectories(language_, lane.trajectories),
                      std::back_inserter(ordered.pages.trajectories));
    std::ranges::move(unpack_scores(lane.scores), std::back_inserter(ordered.pages.scores));
  }
}

std::int64_t PageSchedule::drop_waiting(PhaseClock& clock) {
  collect(clock);
  const std::int64_t dropped = std::ssize(held_);
  held_.clear();
  ledger_.drop(dropped * pages_per_lane());
  return dropped;
}

}  // namespace pagewright
