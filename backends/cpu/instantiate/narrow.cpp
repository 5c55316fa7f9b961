#include <backends/cpu/inverted_residual.hpp>

namespace viseme::backends {

extern template struct cpu_winograd<float>;
extern template struct cpu_convolution<float>;
template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::bf16>;
template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::int8>;

}  // namespace viseme::backends
