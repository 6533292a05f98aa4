#include "rewards/clicks/trust_model.hpp"

namespace pagewright {

void TrustModel::start(const ClickSpace& space, const ClickFit& fit) {
  constexpr double kSomeTrust = 0.1;
  space_ = &space;
  relevance_ = document_rates(space, fit.attractiveness, fit.ridge);
  look_ = std::make_unique<RateTable>(space.positions.size(), fit.structure);
  trust_ = std::make_unique<RateTable>(space.positions.size(), fit.structure, kSomeTrust);
}

void TrustModel::step(const ClickSessions& train) {
  RateCounts relevant(relevance_->size()), looked(look_->size()), trusted(trust_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const ClickSession session = train[s];
    for (std::size_t k = 0; k < session.size(); ++k) {
      const int document = session.documents[k], at = session.positions[k];
      const double g = relevance_->at(document), theta = look_->at(at), e = trust_->at(at);
      if (session.clicks[k]) {
        const double either = g + e * (1 - g), by_trust = either > 0 ? e * (1 - g) / either : 0;
        relevant.add(document, 1 - by_trust);
        looked.add(at, 1);
        trusted.add(at, by_trust, by_trust);
      } else {
        const double silent = 1 - theta * (e + (1 - e) * g);
        const double seen_irrelevant = silent > 0 ? theta * (1 - e) * (1 - g) / silent : 0;
        relevant.add(document, silent > 0 ? (1 - theta) * g / silent : 0);
        looked.add(at, seen_irrelevant);
        trusted.add(at, 0, seen_irrelevant);
      }
    }
  }
  relevance_->update(relevant);
  look_->update(looked);
  trust_->update(trusted);
}

void TrustModel::click_probabilities(const ClickSession& session, std::span<double> result) const {
  for (std::size_t k = 0; k < session.size(); ++k) {
    const double e = trust_->at(session.positions[k]);
    result[k] = look_->at(session.positions[k]) * (e + (1 - e) * relevance_->at(session.documents[k]));
  }
}

bool TrustModel::examination(const ClickSession& session, std::span<double> result) const {
  for (std::size_t k = 0; k < session.size(); ++k) result[k] = look_->at(session.positions[k]);
  return true;
}

std::vector<ClickModel::NamedRates> TrustModel::rates() const {
  return {{"attractiveness", relevance_.get(), space_->documents},
          {"examination", look_.get(), space_->positions},
          {"trust", trust_.get(), space_->positions}};
}

}  // namespace pagewright
