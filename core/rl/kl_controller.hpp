#pragma once
// The coefficient of the KL penalty, fixed or adaptive.

namespace pagewright {

enum class KlControl { fixed, adaptive };

struct KlControlConfig {
  KlControl kind = KlControl::adaptive;
  double coefficient = 0.1;  ///< initial
  double target = 2;         ///< nats per page
  double horizon = 2560;     ///< pages over which an error of 0.2 changes the coefficient by 20 %
  double hard_stop = 4;      ///< nats per page at which training ends; 0: never
};

/// Adaptive: the coefficient is multiplied by 1 + e * pages / horizon with e = kl / target - 1 clipped to
/// +-0.2 (Ziegler et al. 2019).
class KlController {
 public:
  explicit KlController(KlControlConfig config);

  double coefficient() const { return coefficient_; }
  void set_coefficient(double coefficient) { coefficient_ = coefficient; }
  /// `mean_kl`: nats per page over the global batch of `pages` pages.
  void update(double mean_kl, double pages);
  /// Whether a divergence ends training; a divergence that is not a number does as well.
  bool over_budget(double mean_kl) const;
  const KlControlConfig& config() const { return config_; }

 private:
  KlControlConfig config_;
  double coefficient_;
};

}  // namespace pagewright
