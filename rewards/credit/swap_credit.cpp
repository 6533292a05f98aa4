#include "rewards/credit/swap_credit.hpp"

#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {

std::vector<double> swap_credit(double own, std::span<const SlotAlternative> alternatives,
                                std::span<const double> scores, int slots) {
  require(alternatives.size() == scores.size(), "swap credit: {} scores of {} alternatives", scores.size(),
          alternatives.size());
  std::vector<double> credit(static_cast<std::size_t>(slots), 0.0), count(credit.size(), 0.0);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto slot = static_cast<std::size_t>(alternatives[i].slot);
    credit.at(slot) += own - scores[i];
    count[slot] += 1;
  }
  for (std::size_t k = 0; k < credit.size(); ++k)
    if (count[k] > 0) credit[k] /= count[k];
  return credit;
}

}  // namespace pagewright
