#include "rewards/simulator/page_truth.hpp"

namespace pagewright {

double PageTruth::ctr() const {
  if (slots.empty()) return 0;
  double clicks = 0;
  for (const SlotTruth& slot : slots) clicks += slot.click;
  return clicks / static_cast<double>(slots.size());
}

double PageTruth::gmv() const {
  double revenue = 0;
  for (const SlotTruth& slot : slots) revenue += slot.revenue();
  return revenue;
}

double PageTruth::utility(const GainWeights& weights) const {
  double sum = 0;
  for (const SlotTruth& slot : slots) sum += slot.utility(weights);
  return sum;
}

}  // namespace pagewright
