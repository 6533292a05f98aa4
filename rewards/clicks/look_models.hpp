#pragma once
// Click = look x attraction, each by itself: the position-based model and the user browsing model, and click
// rates by position alone.

#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// P(C_k = 1 | earlier clicks) = theta_i(k) alpha_d, where the place i(k) may depend on earlier clicks. EM:
/// of an unclicked slot P(A = 1) = (1 - theta) alpha / (1 - theta alpha) and
/// P(E = 1) = (1 - alpha) theta / (1 - theta alpha).
class LookModel : public ClickModel {
 public:
  void start(const ClickSpace& space, const ClickFit& fit) override;
  void step(const ClickSessions& train) override;
  bool closed_form() const override { return false; }
  void click_probabilities(const ClickSession& session, std::span<double> result) const override;
  void given_earlier_clicks(const ClickSession& session, std::span<double> result) const override;

 protected:
  /// Names of all places.
  virtual std::vector<std::string> places(const ClickSpace& space) const = 0;
  /// Place of slot k when the last click before it was at slot `previous` (-1: none).
  virtual int place(const ClickSession& session, std::size_t k, int previous) const = 0;
  std::vector<NamedRates> rates() const override;
  double look(int place) const { return look_->at(place); }

 private:
  const ClickSpace* space_ = nullptr;
  std::vector<std::string> places_;
  std::unique_ptr<RateTable> attraction_, look_;
};

/// Position-based model (Richardson, Dominowska, Ragno 2007; Craswell, Zoeter, Taylor, Ramsey 2008):
/// examination depends on the kind of position. Identified up to one factor between examination and
/// attractiveness.
class PositionModel : public LookModel {
 public:
  std::string name() const override { return "pbm"; }
  bool examination(const ClickSession& session, std::span<double> result) const override;

 protected:
  std::vector<std::string> places(const ClickSpace& space) const override { return space.positions; }
  int place(const ClickSession& session, std::size_t k, int) const override { return session.positions[k]; }
};

/// User browsing model (Dupret, Piwowarski 2008): examination depends on the rank and on the rank of the
/// click before.
class BrowsingModel : public LookModel {
 public:
  std::string name() const override { return "ubm"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;

 protected:
  std::vector<std::string> places(const ClickSpace& space) const override;
  int place(const ClickSession&, std::size_t k, int previous) const override {
    return static_cast<int>(k) * (ranks_ + 1) + previous + 1;
  }

 private:
  int ranks_ = 0;
};

/// Click rates by kind of position, whatever stands there: what a click model has to beat.
class RateModel : public ClickModel {
 public:
  std::string name() const override { return "position_rate"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;
  void step(const ClickSessions& train) override;
  bool closed_form() const override { return true; }
  void click_probabilities(const ClickSession& session, std::span<double> result) const override;
  void given_earlier_clicks(const ClickSession& session, std::span<double> result) const override {
    click_probabilities(session, result);
  }

 protected:
  std::vector<NamedRates> rates() const override;

 private:
  const ClickSpace* space_ = nullptr;
  std::unique_ptr<RateTable> rate_;
};

}  // namespace pagewright
