#include "rewards/clicks/counted_chains.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pagewright {

std::size_t CountedChain::counted(const ClickSession& session) const {
  const int last = last_click(session);
  return last < 0 ? session.size() : static_cast<std::size_t>(last + 1);
}

void CountedChain::step(const ClickSessions& train) {
  RateCounts attracted(attraction_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const ClickSession session = train[s];
    const std::size_t end = counted(session);
    for (std::size_t k = 0; k < end; ++k) attracted.add(session.documents[k], session.clicks[k]);
  }
  attraction_->update(attracted);
  count_ends(train);
}

std::size_t CascadeModel::counted(const ClickSession& session) const {
  const auto first = std::find(session.clicks.begin(), session.clicks.end(), std::uint8_t{1});
  const auto end = static_cast<std::size_t>(first - session.clicks.begin());
  return std::min(end + 1, session.size());
}

void DependentModel::start(const ClickSpace& space, const ClickFit& fit) {
  CountedChain::start(space, fit);
  rank_names_.clear();
  for (int k = 0; k < space.ranks; ++k) rank_names_.push_back(fmt::format("rank {}", k + 1));
  continuation_ = std::make_unique<RateTable>(rank_names_.size(), fit.structure);
}

void DependentModel::count_ends(const ClickSessions& train) {
  RateCounts went_on(continuation_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const int last = last_click(train[s]);
    for (int k = 0; k <= last; ++k)
      if (train[s].clicks[static_cast<std::size_t>(k)]) went_on.add(k, k < last);
  }
  continuation_->update(went_on);
}

std::vector<ClickModel::NamedRates> DependentModel::rates() const {
  auto result = CountedChain::rates();
  result.push_back({"continuation", continuation_.get(), rank_names_});
  return result;
}

void SimplifiedBayesianModel::start(const ClickSpace& space, const ClickFit& fit) {
  CountedChain::start(space, fit);
  satisfaction_ = document_rates(space, fit.satisfaction, fit.ridge);
}

void SimplifiedBayesianModel::count_ends(const ClickSessions& train) {
  RateCounts satisfied(satisfaction_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const ClickSession session = train[s];
    const int last = last_click(session);
    for (int k = 0; k <= last; ++k)
      if (session.clicks[static_cast<std::size_t>(k)])
        satisfied.add(session.documents[static_cast<std::size_t>(k)], k == last);
  }
  satisfaction_->update(satisfied);
}

std::vector<ClickModel::NamedRates> SimplifiedBayesianModel::rates() const {
  auto result = CountedChain::rates();
  result.push_back({"satisfaction", satisfaction_.get(), space_->documents});
  return result;
}

}  // namespace pagewright
