#include "core/rl/adamw.hpp"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/scalar_tensor.h>

#include "core/base/error.hpp"

namespace pagewright {

void adamw(const AdamwStep& options, at::Tensor parameters, at::Tensor gradients, at::Tensor first_moment,
           at::Tensor second_moment) {
  require(options.step >= 1, "AdamW: steps are numbered from 1, not {}", options.step);
  if (parameters.numel() == 0) return;
  // The operator wants the number of its step, already counted up, as a tensor beside the others.
  const at::Tensor step = at::scalar_tensor(static_cast<double>(options.step),
                                            at::TensorOptions(parameters.device()).dtype(at::kFloat));
  at::_fused_adamw_({parameters}, {gradients}, {first_moment}, {second_moment}, {}, {step},
                    options.learning_rate, options.beta1, options.beta2, options.weight_decay, options.eps,
                    /*amsgrad=*/false,
                    /*maximize=*/false);
}

}  // namespace pagewright
