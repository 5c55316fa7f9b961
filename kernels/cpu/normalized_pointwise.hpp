// 1x1 convolutions between batch norms, in training: the norm before is applied as x is read, the sums of the norm behind are taken as y is
// made, and likewise backward. What lies between is never written:
//     forward    y = W f(x), and the sums of y and y^2;   f(x) = relu(scale x + shift), or x
//     backward   dy = gradient of the norm behind y, from the gradient of what it gave;   dW += dy^T f(x),   and d = W^T dy: of a plain x
//                dx = d + residual, of a normalised one only the sums that its norm needs of d. (Who reads d makes it again: that costs
//                less than writing and reading it.)
// x (pixels, channels), y (pixels, filters) with pixel strides; W is PyTorch's (filters, channels), packed as a dense 1x1 convolution.
//
// A task is a run of pixels, taken in blocks of 96 that stay in L2 from f(x) and dy to the products and the sums. Every wide tensor is so
// read or written once a pass: bound by memory up to about 100 channels, by the products above. Tasks have fixed pixels and their sums are
// added in order: results do not depend on the number of threads.
#pragma once

#include <kernels/cpu/batch_norm.hpp>
#include <kernels/cpu/dense_convolution_weights.hpp>

namespace viseme::kernels::cpu {

inline constexpr int normalized_pixels = 96;  // of a block
inline constexpr int normalized_gap = 16;     // floats between a block's pixels, so that they do not fall on the same cache sets

struct normalized_pointwise_arguments {
  std::ptrdiff_t pixels = 0;
  int channels = 0, filters = 0;
  const_pixels x;
  const float *scale = nullptr, *shift = nullptr;  // of the norm before, under a relu; null: x as it is
  const float* packed = nullptr;                   // direction::forward
  struct pixels y;
  const batch_norm_statistics_arguments* behind = nullptr;  // of y, whose sums are taken; or null
};

struct normalized_pointwise_backward_arguments {
  std::ptrdiff_t pixels = 0;
  int channels = 0, filters = 0;
  batch_norm_backward_arguments behind;  // finished; its x is y, its dx is not written
  const_pixels x;
  const batch_norm_backward_arguments* before = nullptr;  // its x is x, and its sums of d are taken; null: x as it is
  const float* packed = nullptr;                          // direction::backward_data
  struct pixels dx = {};                                  // may be x; or none
  const_pixels residual = {};                             // or none; may be dx
  float* dw = nullptr;                                    // (filters, channels), added to; or null
  float* sums = nullptr;                                  // normalized_pointwise_sums(...) floats
};

inline int tasks(const normalized_pointwise_arguments& a) { return task_count(a.pixels, std::max(a.channels, a.filters)); }
inline int tasks(const normalized_pointwise_backward_arguments& a) { return task_count(a.pixels, std::max(a.channels, a.filters)); }

/// Floats that each thread needs: blocks of y or its gradient, of f(x) in whole panels, and of dx.
constexpr std::size_t normalized_pointwise_scratch(int channels, int filters) {
  return std::size_t(normalized_pixels) * (filters + 2 * channels + 32 + 2 * normalized_gap);
}

/// Floats of all tasks' sums of dW; channels padded to whole panels.
inline std::size_t normalized_pointwise_sums(std::ptrdiff_t pixels, int channels, int filters) {
  return std::size_t(task_count(pixels, std::max(channels, filters))) * filters * ((channels + 31) / 32 * 32);
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/normalized_pointwise.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// `scratch` holds normalized_pointwise_scratch floats for each of the pool's threads. The statistics behind are finished.
template <class Pool>
void normalized_pointwise(Pool& pool, instruction_set set, const normalized_pointwise_arguments& a, float* scratch) {
  const auto body = set == instruction_set::avx512 ? avx512::run_normalized
                    : set == instruction_set::avx2 ? avx2::run_normalized
                                                   : plain::run_normalized;
  const std::size_t size = normalized_pointwise_scratch(a.channels, a.filters);
  pool.run(tasks(a), [&](int task, int slot) { body(a, task, scratch + slot * size); });
  if (a.behind) finish_batch_norm(pool, *a.behind, tasks(a));
}

/// The sums of the norm before are finished.
template <class Pool>
void normalized_pointwise_backward(Pool& pool, instruction_set set, const normalized_pointwise_backward_arguments& a, float* scratch) {
  struct functions {
    void (*run)(const normalized_pointwise_backward_arguments&, int, float*);
    void (*reduce)(const normalized_pointwise_backward_arguments&, int);
  };
  const functions f = set == instruction_set::avx512 ? functions{avx512::run_normalized_backward, avx512::reduce_normalized}
                      : set == instruction_set::avx2 ? functions{avx2::run_normalized_backward, avx2::reduce_normalized}
                                                     : functions{plain::run_normalized_backward, plain::reduce_normalized};
  const std::size_t size = normalized_pointwise_scratch(a.channels, a.filters);
  pool.run(tasks(a), [&](int task, int slot) { f.run(a, task, scratch + slot * size); });
  if (a.before && needs_sums(*a.before)) finish_batch_norm(pool, *a.before, tasks(a));
  if (a.dw) pool.run(a.filters, [&](int filter) { f.reduce(a, filter); });
}

}  // namespace viseme::kernels::cpu
