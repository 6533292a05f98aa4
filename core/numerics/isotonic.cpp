#include "core/numerics/isotonic.hpp"

#include <cstddef>

namespace pagewright {

std::vector<double> isotonic_means(std::span<const double> sums, std::span<const double> weights) {
  struct Pool {
    double sum, weight;
    std::size_t size;
    double mean() const { return sum / weight; }
  };
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    pools.push_back({sums[i], weights[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().weight += last.weight;
      pools.back().size += last.size;
    }
  }
  std::vector<double> fitted;
  for (const Pool& pool : pools) fitted.insert(fitted.end(), pool.size, pool.mean());
  return fitted;
}

}  // namespace pagewright
