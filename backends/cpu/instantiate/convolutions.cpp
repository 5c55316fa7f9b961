// One file: the block is made of the same kernels.
#include <backends/cpu/inverted_residual.hpp>

namespace viseme::backends {

extern template struct cpu_winograd<float>;
template struct cpu_convolution<float>;
template struct cpu_inverted_residual<float, cpu_kernels::arithmetic::fp32>;

}  // namespace viseme::backends
