#pragma once
#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// Position-based model with trust bias (Agarwal, Wang, Li, Bendersky, Najork 2019; affine form of Vardasbi,
/// Oosterhuis, de Rijke 2020): who looks at a relevant item clicks it, and who looks at one that is not
/// clicks it all the same with probability e_k, because it stands so high: P(C_k = 1) = theta_k (e_k + (1 -
/// e_k) g_d). The papers let relevant items be clicked with e+_k as well; only theta_k e+_k and theta_k e-_k
/// follow from clicks, so e+_k is 1 here, theta_k stands for theta_k e+_k and e_k for e-_k / e+_k. Relevance
/// is identified only up to an affine map even so: compare slots with each other, not with other models. EM
/// over examination and relevance.
class TrustModel : public ClickModel {
 public:
  std::string name() const override { return "trust_pbm"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;
  void step(const ClickSessions& train) override;
  bool closed_form() const override { return false; }
  void click_probabilities(const ClickSession& session, std::span<double> result) const override;
  void given_earlier_clicks(const ClickSession& session, std::span<double> result) const override {
    click_probabilities(session, result);
  }
  bool examination(const ClickSession& session, std::span<double> result) const override;

 protected:
  std::vector<NamedRates> rates() const override;

 private:
  const ClickSpace* space_ = nullptr;
  std::unique_ptr<RateTable> relevance_, look_, trust_;
};

}  // namespace pagewright
