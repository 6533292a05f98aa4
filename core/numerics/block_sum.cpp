#include "core/numerics/block_sum.hpp"

#include <algorithm>
#include <cstdint>

#include <ATen/ops/linalg_vector_norm.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kBlockSumLanes = 8;  // independent sums that the compiler can keep side by side

template <class T>
double squares_of_block(const T* values, std::int64_t count) {
  double sums[kBlockSumLanes] = {};
  std::int64_t i = 0;
  for (; i + kBlockSumLanes <= count; i += kBlockSumLanes)
    for (std::int64_t lane = 0; lane < kBlockSumLanes; ++lane) {
      const auto value = static_cast<double>(values[i + lane]);
      sums[lane] += value * value;
    }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (; i < count; ++i) total += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return total;
}

template <class T>
std::vector<double> squares_of_blocks(const T* values, std::int64_t count) {
  std::vector<double> blocks;
  for (std::int64_t begin = 0; begin < count; begin += kSumBlock)
    blocks.push_back(squares_of_block(values + begin, std::min(kSumBlock, count - begin)));
  return blocks;
}

/// [rows] sums of squares of [rows, columns], in double, on the CPU.
at::Tensor squares_of_rows(const at::Tensor& rows) {
  return at::linalg_vector_norm(rows, 2, {1}, /*keepdim=*/false, at::kDouble).square().cpu();
}

std::vector<double> squares_on_device(const at::Tensor& flat) {
  const std::int64_t whole = flat.numel() / kSumBlock, rest = flat.numel() % kSumBlock;
  std::vector<double> blocks;
  const auto append = [&](const at::Tensor& sums) {
    const double* first = sums.const_data_ptr<double>();
    blocks.insert(blocks.end(), first, first + sums.numel());
  };
  if (whole > 0) append(squares_of_rows(flat.narrow(0, 0, whole * kSumBlock).view({whole, kSumBlock})));
  if (rest > 0) append(squares_of_rows(flat.narrow(0, whole * kSumBlock, rest).view({1, rest})));
  return blocks;
}

}  // namespace

std::vector<double> block_sums_of_squares(const at::Tensor& flat) {
  require(flat.is_contiguous(), "block sum: the tensor must be contiguous");
  require(flat.scalar_type() == at::kFloat || flat.scalar_type() == at::kDouble,
          "block sum: the tensor must be float or double");
  if (!flat.is_cpu()) return squares_on_device(flat);
  if (flat.scalar_type() == at::kDouble)
    return squares_of_blocks(flat.const_data_ptr<double>(), flat.numel());
  return squares_of_blocks(flat.const_data_ptr<float>(), flat.numel());
}

double add_block_sums(std::span<const double> blocks) {
  double total = 0;
  for (const double block : blocks) total += block;
  return total;
}

}  // namespace pagewright
