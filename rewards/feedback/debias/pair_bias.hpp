#pragma once
#include <vector>

#include "rewards/clicks/click_sessions.hpp"

namespace pagewright {

struct PairBiasLearning {
  int rounds = 40;         ///< in each scores are improved, then the biases
  int steps = 10;          ///< of Adam on the scores in a round
  double rate = 0.1;       ///< of Adam, falling to 0 over the rounds
  double ridge = 1;        ///< of the scores' parameters, against one list
  double regulariser = 0;  ///< p: biases to the power of 1 / (p + 1)
};

/// How much a slot does by itself for a click (t+) and against one (t-), relative to the first slot (Hu,
/// Wang, Peng, Li: "Unbiased LambdaMART", 2019). Scores s of documents are learnt from all pairs of a clicked
/// slot i and an unclicked j of one list by the loss L_ij = log(1 + exp(s_j - s_i)) / (t+_i t-_j); the biases
/// follow as
///   t+_i = (mean over lists of sum_j L_ij / t-_j, relative to slot 1)^(1 / (p + 1)), t- alike.
/// Lists without a clicked and an unclicked slot say nothing.
struct PairBias {
  std::vector<double> clicked;    ///< [longest list] t+
  std::vector<double> unclicked;  ///< [longest list] t-
  std::vector<double> scores;     ///< [D] s
};
/// Throws Error if the first slot is never clicked, or never left unclicked, beside its opposite.
PairBias fit_pair_bias(const ClickSpace& space, const ClickSessions& train, const PairBiasLearning& learning);

}  // namespace pagewright
