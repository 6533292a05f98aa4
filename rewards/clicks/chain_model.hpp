#pragma once
// Click models in which a user goes down a list and leaves somewhere.

#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// What is known of examination once all clicks of a list are.
struct ChainPosterior {
  std::vector<double> examined;  ///< [K] P(E_k = 1 | all clicks)
  /// [K + 1] P(no click at k or below | E_k = 1) for slots below the last click; 1 at K.
  std::vector<double> silence;
};

/// P(E_1 = 1) = 1, P(C_k = 1 | E_k = 1) = alpha_d, and P(E_(k+1) = 1 | E_k = 1, C_k) is what a model says in
/// goes_on(). Nothing is looked at below a slot that was not. Everything else follows from these:
/// click probabilities go forward, the posterior of examination below the last click goes backward.
class ChainModel : public ClickModel {
 public:
  void start(const ClickSpace& space, const ClickFit& fit) override;
  void click_probabilities(const ClickSession& session, std::span<double> result) const override;
  void given_earlier_clicks(const ClickSession& session, std::span<double> result) const override;
  ChainPosterior posterior(const ClickSession& session) const;

 protected:
  /// Probability of looking at slot k + 1 after slot k was looked at and clicked or not.
  virtual double goes_on(const ClickSession& session, std::size_t k, bool clicked) const = 0;
  std::vector<NamedRates> rates() const override;
  double attraction(const ClickSession& session, std::size_t k) const {
    return attraction_->at(session.documents[k]);
  }

  const ClickSpace* space_ = nullptr;
  std::unique_ptr<RateTable> attraction_;
};

}  // namespace pagewright
