#pragma once
// Models of the cascade family that are fitted by counting.

#include "rewards/clicks/chain_model.hpp"

namespace pagewright {

/// Fitted by counting: all slots at or above the last click count as looked at, all slots of a list without
/// clicks, and nothing below the last click. For the cascade model this is maximum likelihood. For the other
/// two, whose users may go on below the last click, it maximises a lower bound of it (Guo, Liu, Wang 2009).
class CountedChain : public ChainModel {
 public:
  bool closed_form() const override { return true; }
  void step(const ClickSessions& train) override;

 protected:
  /// First slot that does not count as looked at.
  virtual std::size_t counted(const ClickSession& session) const;
  /// Takes the sessions once the attractiveness is known; what is left to count.
  virtual void count_ends(const ClickSessions&) {}
};

/// Cascade model (Craswell, Zoeter, Taylor, Ramsey 2008): the user goes down to the first click and leaves.
class CascadeModel : public CountedChain {
 public:
  std::string name() const override { return "cascade"; }

 protected:
  std::size_t counted(const ClickSession& session) const override;
  double goes_on(const ClickSession&, std::size_t, bool clicked) const override { return clicked ? 0 : 1; }
};

/// Dependent click model (Guo, Liu, Wang 2009): after a click at rank k the user goes on with probability
/// lambda_k = 1 - P(last click at k | click at k).
class DependentModel : public CountedChain {
 public:
  std::string name() const override { return "dcm"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;

 protected:
  void count_ends(const ClickSessions& train) override;
  double goes_on(const ClickSession&, std::size_t k, bool clicked) const override {
    return clicked ? continuation_->at(static_cast<int>(k)) : 1;
  }
  std::vector<NamedRates> rates() const override;

 private:
  std::vector<std::string> rank_names_;
  std::unique_ptr<RateTable> continuation_;
};

/// Simplified dynamic Bayesian network (Chapelle, Zhang 2009, with gamma = 1): after a click on document d
/// the user is satisfied and leaves with probability s_d = P(last click | click).
class SimplifiedBayesianModel : public CountedChain {
 public:
  std::string name() const override { return "sdbn"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;

 protected:
  void count_ends(const ClickSessions& train) override;
  double goes_on(const ClickSession& session, std::size_t k, bool clicked) const override {
    return clicked ? 1 - satisfaction_->at(session.documents[k]) : 1;
  }
  std::vector<NamedRates> rates() const override;

 private:
  std::unique_ptr<RateTable> satisfaction_;
};

}  // namespace pagewright
