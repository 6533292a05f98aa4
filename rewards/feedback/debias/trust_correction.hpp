#pragma once
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// What trust bias does to a slot: P(C = 1 | relevance g) = theta (e + (1 - e) g) = alpha g + beta, with
/// alpha = theta (1 - e) and beta = theta e.
struct SlotTrust {
  double look = 1;   ///< theta
  double trust = 0;  ///< e
};

/// (c - beta) / alpha, whose expectation is the relevance (Agarwal and others 2019; affine form of Vardasbi,
/// Oosterhuis, de Rijke 2020), times the click gain, and purchase and dismissal gains by 1 / theta, since
/// only relevant items are taken to be bought; all times `scale`, which is alpha of the first slot, so that
/// gains are as large as observed ones. Factors are at most `max_weight`. Below 0 where nothing was clicked.
double trust_corrected_gain(const SlotGain& observed, const SlotTrust& slot, double click_gain, double scale,
                            double max_weight);

}  // namespace pagewright
