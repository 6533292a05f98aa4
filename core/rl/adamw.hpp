#pragma once
// AdamW (Loshchilov, Hutter 2019) over a flat buffer.

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace pagewright {

struct AdamwStep {
  double learning_rate = 3e-4;
  double beta1 = 0.9, beta2 = 0.95;
  double eps = 1e-5;  ///< outside the bias correction: p -= lr * m_hat / (sqrt(v_hat) + eps)
  double weight_decay = 0;
  std::int64_t step = 1;  ///< number of this step, from 1
};

/// Updates parameters and both moments in place, all [N] of one dtype and device and contiguous. Bits depend
/// on where the buffer is cut and on the number of intra-op threads: call it with one thread on ranges that
/// are multiples of 128 elements.
void adamw(const AdamwStep& options, at::Tensor parameters, at::Tensor gradients, at::Tensor first_moment,
           at::Tensor second_moment);

}  // namespace pagewright
