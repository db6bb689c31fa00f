#include "engine/tensor/kernels/row_kernels.h"

namespace penstock {

const char* to_string(KernelLevel level) noexcept {
  switch (level) {
    case KernelLevel::kPlain:
      return "plain";
    case KernelLevel::kAvx2:
      return "avx2";
    case KernelLevel::kAvx512:
      return "avx512";
  }
  return "?";
}

const RowKernels& row_kernels(KernelLevel level) noexcept {
  switch (level) {
    case KernelLevel::kAvx512:
      return kAvx512Kernels;
    case KernelLevel::kAvx2:
      return kAvx2Kernels;
    case KernelLevel::kPlain:
      break;
  }
  return kPlainKernels;
}

KernelLevel best_level() noexcept {
  // The compiler's check covers the operating system's part too (XCR0).
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  const bool has_avx512 =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
  if (has_avx2 && has_avx512) {
    return KernelLevel::kAvx512;
  }
  return has_avx2 ? KernelLevel::kAvx2 : KernelLevel::kPlain;
}

}  // namespace penstock
