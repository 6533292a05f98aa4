#include "rewards/clicks/look_models.hpp"

#include <fmt/format.h>

namespace pagewright {

void LookModel::start(const ClickSpace& space, const ClickFit& fit) {
  space_ = &space;
  attraction_ = document_rates(space, fit.attractiveness, fit.ridge);
  places_ = places(space);
  look_ = std::make_unique<RateTable>(places_.size(), fit.structure);
}

void LookModel::step(const ClickSessions& train) {
  RateCounts attracted(attraction_->size()), looked(look_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const ClickSession session = train[s];
    int previous = -1;
    for (std::size_t k = 0; k < session.size(); ++k) {
      const int document = session.documents[k], at = place(session, k, previous);
      const double alpha = attraction_->at(document), theta = look_->at(at);
      if (session.clicks[k]) {
        attracted.add(document, 1);
        looked.add(at, 1);
        previous = static_cast<int>(k);
      } else {
        const double silent = 1 - theta * alpha;
        attracted.add(document, silent > 0 ? (1 - theta) * alpha / silent : 0);
        looked.add(at, silent > 0 ? (1 - alpha) * theta / silent : 0);
      }
    }
  }
  attraction_->update(attracted);
  look_->update(looked);
}

void LookModel::given_earlier_clicks(const ClickSession& session, std::span<double> result) const {
  int previous = -1;
  for (std::size_t k = 0; k < session.size(); ++k) {
    result[k] = look_->at(place(session, k, previous)) * attraction_->at(session.documents[k]);
    if (session.clicks[k]) previous = static_cast<int>(k);
  }
}

void LookModel::click_probabilities(const ClickSession& session, std::span<double> result) const {
  // Probability that the last click so far was at slot j - 1; at 0 that there was none.
  std::vector<double> last(session.size() + 1);
  last[0] = 1;
  for (std::size_t k = 0; k < session.size(); ++k) {
    const double alpha = attraction_->at(session.documents[k]);
    double sum = 0;
    for (std::size_t j = 0; j <= k; ++j) {
      const double click = alpha * look_->at(place(session, k, static_cast<int>(j) - 1));
      sum += last[j] * click;
      last[j] *= 1 - click;
    }
    result[k] = last[k + 1] = sum;
  }
}

std::vector<ClickModel::NamedRates> LookModel::rates() const {
  return {{"attractiveness", attraction_.get(), space_->documents}, {"examination", look_.get(), places_}};
}

bool PositionModel::examination(const ClickSession& session, std::span<double> result) const {
  for (std::size_t k = 0; k < session.size(); ++k) result[k] = look(session.positions[k]);
  return true;
}

void BrowsingModel::start(const ClickSpace& space, const ClickFit& fit) {
  ranks_ = space.ranks;
  LookModel::start(space, fit);
}

std::vector<std::string> BrowsingModel::places(const ClickSpace& space) const {
  std::vector<std::string> names;
  for (int k = 0; k < space.ranks; ++k) {
    names.push_back(fmt::format("rank {}, no click before", k + 1));
    for (int previous = 0; previous < space.ranks; ++previous)
      names.push_back(fmt::format("rank {}, click before at {}", k + 1, previous + 1));
  }
  return names;
}

void RateModel::start(const ClickSpace& space, const ClickFit& fit) {
  space_ = &space;
  rate_ = std::make_unique<RateTable>(space.positions.size(), fit.structure);
}

void RateModel::step(const ClickSessions& train) {
  RateCounts counts(rate_->size());
  for (std::size_t s = 0; s < train.size(); ++s)
    for (std::size_t k = 0; k < train[s].size(); ++k) counts.add(train[s].positions[k], train[s].clicks[k]);
  rate_->update(counts);
}

void RateModel::click_probabilities(const ClickSession& session, std::span<double> result) const {
  for (std::size_t k = 0; k < session.size(); ++k) result[k] = rate_->at(session.positions[k]);
}

std::vector<ClickModel::NamedRates> RateModel::rates() const {
  return {{"click rate", rate_.get(), space_->positions}};
}

}  // namespace pagewright
