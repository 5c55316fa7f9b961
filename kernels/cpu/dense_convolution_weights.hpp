// Dense (groups = 1) convolution, backward to the weights:
//     dW[o][i][tap] (+)= sum over output pixels p of dy[p][o] x[pixel(p, tap)][i],   dbias[o] (+)= sum over p of dy[p][o]
// x (N, in.h, in.w, channels) and dy (N, out.h, out.w, filters) are NHWC with a pixel stride, dW is PyTorch's OIHW.
//
// It is the product dy^T X, X (pixels, taps * channels) with zeros outside of x. The pixels are cut into ranges, whose number depends on
// the shape alone; a task is one range x a block of filters x a block of X's columns. It copies a chunk of both blocks' pixels close
// together (X exists only so), multiplies by tiles of `tile_rows` filters x two vectors of columns kept in registers, adds the chunk's
// products to sums of its own (120 KiB of stack in all) and leaves these in the scratch. A second round of tasks adds the ranges in their order and brings the sums
// to OIHW: the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kernels/cpu/dense_convolution.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

struct dense_backward_weights_arguments {
  dense_shape shape;
  const_pixels x, dy;
  float* dw = nullptr;       // (filters, channels, kernel.h, kernel.w)
  float* dbias = nullptr;    // (filters), or null
  float* scratch = nullptr;  // scratch_size(set, shape) floats
  writing how = writing::overwrite;
};

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/dense_convolution_weights.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

struct dense_backward_weights_functions {
  std::size_t (*scratch_size)(const dense_shape&);
  int (*tasks)(const dense_shape&);
  void (*run)(const dense_backward_weights_arguments&, int task);
  int (*reduce_tasks)(const dense_backward_weights_arguments&);
  void (*reduce)(const dense_backward_weights_arguments&, int task);
};

inline dense_backward_weights_functions dense_backward_weights_of(instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    case instruction_set::avx512:
      return {avx512::dense::scratch_size, avx512::dense::weight_tasks, avx512::dense::sum_weights, avx512::dense::reduce_tasks,
              avx512::dense::reduce_weights};
    case instruction_set::avx2:
      return {avx2::dense::scratch_size, avx2::dense::weight_tasks, avx2::dense::sum_weights, avx2::dense::reduce_tasks,
              avx2::dense::reduce_weights};
#endif
    default:
      return {plain::dense::scratch_size, plain::dense::weight_tasks, plain::dense::sum_weights, plain::dense::reduce_tasks,
              plain::dense::reduce_weights};
  }
}

/// Floats of scratch for backward_weights.
inline std::size_t scratch_size(instruction_set set, const dense_shape& s) { return dense_backward_weights_of(set).scratch_size(s); }

template <class Pool>
void backward_weights(Pool& pool, instruction_set set, const dense_backward_weights_arguments& a) {
  const auto f = dense_backward_weights_of(set);
  pool.run(f.tasks(a.shape), [&](int task) { f.run(a, task); });
  pool.run(f.reduce_tasks(a), [&](int task) { f.reduce(a, task); });
}

}  // namespace viseme::kernels::cpu
