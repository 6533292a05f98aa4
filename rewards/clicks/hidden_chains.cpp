#include "rewards/clicks/hidden_chains.hpp"

#include <array>

namespace pagewright {
namespace {

/// Share of a sum, 0 of nothing.
double part_of(double part, double rest) {
  return part + rest > 0 ? part / (part + rest) : 0;
}

/// Probability of what is seen below a last click, given that the user goes on below it with `on`.
double silence_after(double on, double silence_below) {
  return on * silence_below + 1 - on;
}

}  // namespace

struct BayesianModel::Counts {
  RateCounts attracted, satisfied, went_on;
};

void BayesianModel::start(const ClickSpace& space, const ClickFit& fit) {
  ChainModel::start(space, fit);
  satisfaction_ = document_rates(space, fit.satisfaction, fit.ridge);
  perseverance_ = std::make_unique<RateTable>(1, fit.structure);
}

void BayesianModel::count(const ClickSession& session, Counts& counts) const {
  const ChainPosterior posterior = this->posterior(session);
  const int last = last_click(session);
  for (std::size_t k = 0; k < session.size(); ++k) {
    const double examined = posterior.examined[k];
    const int document = session.documents[k];
    counts.attracted.add(document, session.clicks[k], examined);
    if (k + 1 == session.size()) break;  // nothing is seen of what follows
    double satisfied = 0;
    if (session.clicks[k]) {
      const double s = satisfaction_->at(document);
      const double without = (1 - s) * silence_after(perseverance_->at(0), posterior.silence[k + 1]);
      if (static_cast<int>(k) == last) satisfied = part_of(s, without);
      counts.satisfied.add(document, satisfied);
    }
    counts.went_on.add(0, posterior.examined[k + 1], examined - satisfied);
  }
}

void BayesianModel::step(const ClickSessions& train) {
  Counts counts{RateCounts(attraction_->size()), RateCounts(satisfaction_->size()), RateCounts(1)};
  for (std::size_t s = 0; s < train.size(); ++s) count(train[s], counts);
  attraction_->update(counts.attracted);
  satisfaction_->update(counts.satisfied);
  perseverance_->update(counts.went_on);
}

std::vector<ClickModel::NamedRates> BayesianModel::rates() const {
  auto result = ChainModel::rates();
  result.push_back({"satisfaction", satisfaction_.get(), space_->documents});
  static const std::array<std::string, 1> kGamma{"gamma"};
  result.push_back({"perseverance", perseverance_.get(), kGamma});
  return result;
}

void ClickChainModel::start(const ClickSpace& space, const ClickFit& fit) {
  ChainModel::start(space, fit);
  continuation_ = std::make_unique<RateTable>(3, fit.structure);
  // tau_2 and tau_3 must not start equal, or relevance after a click would never be told apart.
  continuation_->set(std::vector<double>{0.6, 0.5, 0.4});
}

void ClickChainModel::count(const ClickSession& session, RateCounts& attracted, RateCounts& went_on) const {
  const ChainPosterior posterior = this->posterior(session);
  const int last = last_click(session);
  for (std::size_t k = 0; k < session.size(); ++k) {
    const int document = session.documents[k];
    attracted.add(document, session.clicks[k], posterior.examined[k]);
    if (k + 1 == session.size()) break;
    if (!session.clicks[k]) {
      went_on.add(0, posterior.examined[k + 1], posterior.examined[k]);
      continue;
    }
    const double alpha = attraction_->at(document), tau2 = continuation_->at(1), tau3 = continuation_->at(2);
    const bool is_last = static_cast<int>(k) == last;
    const double seen2 = is_last ? silence_after(tau2, posterior.silence[k + 1]) : tau2;
    const double seen3 = is_last ? silence_after(tau3, posterior.silence[k + 1]) : tau3;
    const double relevant = part_of(alpha * seen3, (1 - alpha) * seen2);
    attracted.add(document, relevant);
    // Given relevance, how likely the user went on.
    const double on2 = is_last ? part_of(tau2 * posterior.silence[k + 1], 1 - tau2) : 1;
    const double on3 = is_last ? part_of(tau3 * posterior.silence[k + 1], 1 - tau3) : 1;
    went_on.add(1, (1 - relevant) * on2, 1 - relevant);
    went_on.add(2, relevant * on3, relevant);
  }
}

void ClickChainModel::step(const ClickSessions& train) {
  RateCounts attracted(attraction_->size()), went_on(3);
  for (std::size_t s = 0; s < train.size(); ++s) count(train[s], attracted, went_on);
  attraction_->update(attracted);
  continuation_->update(went_on);
}

std::vector<ClickModel::NamedRates> ClickChainModel::rates() const {
  auto result = ChainModel::rates();
  static const std::array<std::string, 3> kStates{"no click", "click, not relevant", "click, relevant"};
  result.push_back({"continuation", continuation_.get(), kStates});
  return result;
}

}  // namespace pagewright
