// Include before instantiating nets where the `backends` library is linked: the kernels are compiled there once, not in every file.
#pragma once

#include <backends/cpu/cpu.hpp>

namespace viseme::backends {

extern template struct cpu<float>;
extern template struct cpu_winograd<float>;
extern template struct cpu_convolution<float>;
extern template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::fp32>;
extern template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::bf16>;
extern template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::int8>;
extern template struct cpu_inverted_residual_training<float>;
extern template struct cpu_norm<float>;
extern template struct cpu_activation<float>;
extern template struct cpu_sum<float>;
extern template struct cpu_upsample<float>;
extern template struct cpu_max_pool<float>;
extern template struct cpu_average_pool<float>;
extern template struct cpu_normalize<float>;
extern template struct cpu_learning<float>;

}  // namespace viseme::backends
