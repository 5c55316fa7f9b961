// L2 normalisation of each sample, all its values together: y = x / max(|x|, 1e-12), as F.normalize(x.flatten(1)).
//
// Shapes: (N, D), dense; the order of the values does not matter, so NHWC serves as NCHW. Norms are summed in double.
// A task is a sample: embeddings of some thousand values.
#pragma once

#include <cmath>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dot.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

inline constexpr double normalize_epsilon = 1e-12;

/// y = x / max(|x|, epsilon).
struct normalize_arguments {
  int n;
  std::ptrdiff_t count;  ///< D
  const float* x;
  float* y;
};

/// dx (+)= (dy - y (y . dy)) / |x|; a sample below epsilon was divided by a constant, so its dx (+)= dy / epsilon.
struct normalize_backward_arguments {
  int n;
  std::ptrdiff_t count;
  const float *dy, *x;
  float* dx;
  writing how = writing::overwrite;
};

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/normalize.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void normalize(Pool& pool, instruction_set set, const normalize_arguments& a) {
  run_tasks(pool, set, a.n, a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void normalize_backward(Pool& pool, instruction_set set, const normalize_backward_arguments& a) {
  run_tasks(pool, set, a.n, a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
