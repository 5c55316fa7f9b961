// Maps over pixels: activations and their gradients, sums, scaled copies between differently strided tensors, fills.
//
// Shapes: every tensor is (pixels, channels) with its own pixel stride; dense ones are walked as one row. An output may be one of the
// inputs themselves (same data and stride). NaN passes through. Bound by memory: one pass, nothing kept.
#pragma once

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

/// y = act(x).
struct activation_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels x;
  struct pixels y;
  activation act = activation::none;
  float slope = 0;  ///< of leaky_relu below zero
};

/// dx = act'(.) dy, from the activation's output y.
struct activation_gradient_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels y, dy;
  struct pixels dx;
  activation act = activation::none;
  float slope = 0;
  writing how = writing::overwrite;
};

/// y = a + b.
struct add_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels a, b;
  struct pixels y;
};

/// y = scale x, or y += scale x: concatenation, split, and gradients that meet.
struct copy_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels x;
  struct pixels y;
  float scale = 1;
  writing how = writing::overwrite;
};

/// y = value.
struct fill_arguments {
  std::ptrdiff_t pixels;
  int channels;
  struct pixels y;
  float value = 0;
};

template <class Arguments>
  requires requires(const Arguments& a) { a.pixels * a.channels; }
int tasks(const Arguments& a) { return task_count(a.pixels, a.channels); }

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/elementwise.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void activate(Pool& pool, instruction_set set, const activation_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void activation_gradient(Pool& pool, instruction_set set, const activation_gradient_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void add(Pool& pool, instruction_set set, const add_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void copy(Pool& pool, instruction_set set, const copy_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void fill(Pool& pool, instruction_set set, const fill_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
