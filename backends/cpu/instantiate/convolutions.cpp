// One file: the block is made of the same kernels.
#include <backends/cpu/inverted_residual.hpp>

template struct viseme::backends::cpu_convolution<float>;
template struct viseme::backends::cpu_inverted_residual<float>;
