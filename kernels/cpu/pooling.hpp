// Pooling without overlap: maximum over 2x2, average over any window, stride as the window; pixels beyond the last whole window are dropped.
//
// Shapes: x (N, H, W, C), y (N, H / window.h, W / window.w, C), floor. Numbers as PyTorch's: of equal maxima the first in reading order takes the
// gradient, a NaN is greater than every number.
// A task is some rows of output, of an average over large windows 16 channels of them; its backward pass writes the input rows under them, the
// dropped ones with the last.
#pragma once

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::kernels::cpu {

/// Sizes of the input. At least one whole window.
struct pooling_shape {
  int n, h, w, channels;
  size2 window{2, 2};

  int out_h() const { return h / window.h; }
  int out_w() const { return w / window.w; }
};

struct max_pool2x2_arguments {
  pooling_shape shape;
  const_pixels x;
  struct pixels y;
};

/// dx (+)= the gradient of x, which is read again to find each window's maximum.
struct max_pool2x2_backward_arguments {
  pooling_shape shape;
  const_pixels x, dy;
  struct pixels dx;
  writing how = writing::overwrite;
};

struct average_pool_arguments {
  pooling_shape shape;
  const_pixels x;
  struct pixels y;
};

/// dx (+)= the gradient of x.
struct average_pool_backward_arguments {
  pooling_shape shape;
  const_pixels dy;
  struct pixels dx;
  writing how = writing::overwrite;
};

/// Whole output rows, by the input they stand for.
inline int tasks(const pooling_shape& s) {
  return task_count(std::ptrdiff_t(s.n) * s.out_h(), std::ptrdiff_t(s.window.h) * s.w * s.channels);
}

/// Into how many pieces an average's channels are cut: whole cache lines where there are few rows, as over a whole map.
inline int channel_pieces(const pooling_shape& s) {
  constexpr int line = 64 / sizeof(float), enough_rows = 16;
  return std::ptrdiff_t(s.n) * s.out_h() < enough_rows ? (s.channels + line - 1) / line : 1;
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/pooling.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void max_pool2x2(Pool& pool, instruction_set set, const max_pool2x2_arguments& a) {
  run_tasks(pool, set, tasks(a.shape), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void max_pool2x2_backward(Pool& pool, instruction_set set, const max_pool2x2_backward_arguments& a) {
  run_tasks(pool, set, tasks(a.shape), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void average_pool(Pool& pool, instruction_set set, const average_pool_arguments& a) {
  run_tasks(pool, set, tasks(a.shape) * channel_pieces(a.shape), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void average_pool_backward(Pool& pool, instruction_set set, const average_pool_backward_arguments& a) {
  run_tasks(pool, set, tasks(a.shape), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
