#pragma once
// Arithmetic over the parts of a tensor.

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace pagewright {

/// Where the parts begin, [parts].
inline std::vector<std::int64_t> part_begins(std::span<const std::int64_t> parts) {
  std::vector<std::int64_t> begins(parts.size());
  std::exclusive_scan(parts.begin(), parts.end(), begins.begin(), std::int64_t{0});
  return begins;
}

}  // namespace pagewright
