#include "core/model/kernels/kernel_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

// Each copy of the kernels lives in a namespace of its own and is compiled for one instruction set. The
// copies call no templates of others, so that no code for a wide set can be picked by the linker for another
// use.

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4")
#define PW_GEMM_ROWS 8
#define PW_GEMM_WIDE 1
namespace pagewright::kernels_v4 {
// clang-format off: later parts use the earlier
#include "core/model/kernels/lanes.inl"
#include "core/model/kernels/gemm.inl"
#include "core/model/kernels/rows.inl"
#include "core/model/kernels/attention.inl"
// clang-format on
}  // namespace pagewright::kernels_v4
#undef PW_INLINE
#undef PW_GEMM_ROWS
#undef PW_GEMM_WIDE
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define PW_GEMM_ROWS 6
#define PW_GEMM_WIDE 0
namespace pagewright::kernels_v3 {
// clang-format off: later parts use the earlier
#include "core/model/kernels/lanes.inl"
#include "core/model/kernels/gemm.inl"
#include "core/model/kernels/rows.inl"
#include "core/model/kernels/attention.inl"
// clang-format on
}  // namespace pagewright::kernels_v3
#undef PW_INLINE
#undef PW_GEMM_ROWS
#undef PW_GEMM_WIDE
#pragma GCC pop_options
#endif

#define PW_GEMM_ROWS 2
#define PW_GEMM_WIDE 0
namespace pagewright::kernels_baseline {
// clang-format off: later parts use the earlier
#include "core/model/kernels/lanes.inl"
#include "core/model/kernels/gemm.inl"
#include "core/model/kernels/rows.inl"
#include "core/model/kernels/attention.inl"
// clang-format on
}  // namespace pagewright::kernels_baseline
#undef PW_INLINE
#undef PW_GEMM_ROWS
#undef PW_GEMM_WIDE

namespace pagewright {
namespace {

enum class KernelSet { v4, v3, baseline };

KernelSet chosen_kernel_set() {
#if defined(__x86_64__)
  static const KernelSet set = __builtin_cpu_supports("x86-64-v4")   ? KernelSet::v4
                               : __builtin_cpu_supports("x86-64-v3") ? KernelSet::v3
                                                                     : KernelSet::baseline;
  return set;
#else
  return KernelSet::baseline;
#endif
}

template <class T>
KernelTable<T> choose_kernels() {
#if defined(__x86_64__)
  if (chosen_kernel_set() == KernelSet::v4) return kernels_v4::make_table<T>();
  if (chosen_kernel_set() == KernelSet::v3) return kernels_v3::make_table<T>();
#endif
  return kernels_baseline::make_table<T>();
}

}  // namespace

template <class T>
const KernelTable<T>& kernels() {
  static const KernelTable<T> table = choose_kernels<T>();
  return table;
}

const char* kernel_instruction_set() {
  switch (chosen_kernel_set()) {
    case KernelSet::v4:
      return "x86-64-v4";
    case KernelSet::v3:
      return "x86-64-v3";
    case KernelSet::baseline:
      break;
  }
  return "baseline";
}

template <class T>
void gemm(const GemmOperands<T>& operands) {
  alignas(64) thread_local T panel[kGemmPanel];
  kernels<T>().gemm(operands, panel);
}

template const KernelTable<float>& kernels<float>();
template const KernelTable<double>& kernels<double>();
template void gemm<float>(const GemmOperands<float>&);
template void gemm<double>(const GemmOperands<double>&);

}  // namespace pagewright
