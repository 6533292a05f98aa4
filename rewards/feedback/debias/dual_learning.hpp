#pragma once
#include <vector>

#include "rewards/clicks/click_sessions.hpp"

namespace pagewright {

struct DualLearning {
  int steps = 200;
  double rate = 0.1;           ///< of Adam, falling to 0 in a straight line
  double ridge = 1;            ///< of the scores' parameters, against one list
  double largest_weight = 50;  ///< bound of both inverse weights
};

/// Propensities and relevance, each learnt with the inverse of the other (Ai, Bi, Luo, Guo, Croft: "Unbiased
/// learning to rank with unbiased propensity estimation", 2018). With f the scores of a list's documents, e
/// those of its positions, c its clicks and slot 1 the first of the list, both
///   sum over lists and k of c_k exp(e_1 - e_k) log softmax(f)_k
///   sum over lists and k of c_k exp(f_1 - f_k) log softmax(e)_k
/// are raised together, the weights being taken as given. If P(C_k) = theta_p(k) alpha_d, exp(e) tends to
/// theta and exp(f) to alpha, each up to one factor.
struct DualFit {
  std::vector<double> examination;  ///< [P] exp(e), the highest is 1
  std::vector<double> scores;       ///< [D] f
};
DualFit fit_dual_learning(const ClickSpace& space, const ClickSessions& train, const DualLearning& learning);

}  // namespace pagewright
