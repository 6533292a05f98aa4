#pragma once
// Models of the cascade family whose hidden variables EM fills in.

#include "rewards/clicks/chain_model.hpp"

namespace pagewright {

/// Dynamic Bayesian network (Chapelle, Zhang 2009). A click on d satisfies with probability s_d and ends the
/// list; without satisfaction the user goes on with probability gamma:
/// P(E_(k+1) | E_k, no click) = gamma, P(E_(k+1) | click) = gamma (1 - s_d).
/// EM over examination and satisfaction; attractiveness is estimated among examined slots.
class BayesianModel : public ChainModel {
 public:
  std::string name() const override { return "dbn"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;
  bool closed_form() const override { return false; }
  void step(const ClickSessions& train) override;

 protected:
  double goes_on(const ClickSession& session, std::size_t k, bool clicked) const override {
    const double gamma = perseverance_->at(0);
    return clicked ? gamma * (1 - satisfaction_->at(session.documents[k])) : gamma;
  }
  std::vector<NamedRates> rates() const override;

 private:
  struct Counts;
  void count(const ClickSession& session, Counts& counts) const;

  std::unique_ptr<RateTable> satisfaction_, perseverance_;
};

/// Click chain model (Guo, Liu, Kannan, Minka, Taylor, Wang, Faloutsos 2009). The user goes on with tau_1
/// after no click, with tau_2 after a click on a document that turns out irrelevant and with tau_3 after one
/// that is relevant, which it is with probability alpha_d, the same that draws the click:
/// P(E_(k+1) | click) = (1 - alpha_d) tau_2 + alpha_d tau_3. EM over examination and relevance, so that
/// alpha_d learns from both.
class ClickChainModel : public ChainModel {
 public:
  std::string name() const override { return "ccm"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;
  bool closed_form() const override { return false; }
  void step(const ClickSessions& train) override;

 protected:
  double goes_on(const ClickSession& session, std::size_t k, bool clicked) const override {
    if (!clicked) return continuation_->at(0);
    const double alpha = attraction(session, k);
    return (1 - alpha) * continuation_->at(1) + alpha * continuation_->at(2);
  }
  std::vector<NamedRates> rates() const override;

 private:
  void count(const ClickSession& session, RateCounts& attracted, RateCounts& went_on) const;

  std::unique_ptr<RateTable> continuation_;  ///< [3]
};

}  // namespace pagewright
