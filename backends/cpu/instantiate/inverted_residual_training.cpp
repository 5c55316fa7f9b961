#include <backends/cpu/inverted_residual_training.hpp>

namespace viseme::backends {

extern template struct cpu<float>;
extern template struct cpu_winograd<float>;
extern template struct cpu_convolution<float>;
extern template struct cpu_norm<float>;
template struct cpu_inverted_residual_training<float>;

}  // namespace viseme::backends
