// 3x3 depthwise convolution between two batch norms, each under a relu, in training: as in normalized_pointwise.hpp the norm before is
// applied as x is read, and the norm behind as its gradient is:
//     forward    y = D f(x), and the sums of y and y^2;   f(x) = relu(scale x + shift)
//     backward   dy = gradient of the norm behind y, from the gradient of what it gave;   dx = D^T dy,   dD += dy f(x),
//                and the sums that the norm before x needs of dx. What the norm behind y gave goes into a 1x1 convolution W with a norm
//                behind it: its gradient is W^T of that norm's.
// x (N, H, W, C), y (N, Ho, Wo, C), weights (9, C), C a multiple of 16.
//
// A task is a strip of columns x a band of rows and goes down it: a ring of the three rows of f(x), or of dy, that a row of results reads
// stays in L2. Every tensor is read or written once a pass, but for the borders of strips and bands. The backward pass walks over x: both
// gradients take the same dy, and f(x) is made in registers. Sums are added by task in order.
#pragma once

#include <kernels/cpu/depthwise3x3.hpp>
#include <kernels/cpu/normalized_pointwise.hpp>

namespace viseme::kernels::cpu {

/// How y is cut into tasks.
struct depthwise3x3_strips {
  int strips, bands, images;

  explicit depthwise3x3_strips(const depthwise3x3_shape& s) : images(s.n) {
    constexpr int floats = 48 << 10;  // of three rows of the ring and a row of results
    const int most = std::max(8, (floats / (4 * s.channels) - 2) / s.stride);
    strips = (s.out_w() + most - 1) / most;
    bands = (s.out_h() + 47) / 48;
    while (strips * bands * images < 64 && s.out_h() / bands > 16) ++bands;
  }
  int count() const { return images * strips * bands; }
  piece_range columns(const depthwise3x3_shape& s, int task) const { return slice(s.out_w(), strips, task % strips); }
  piece_range rows(const depthwise3x3_shape& s, int task) const { return slice(s.out_h(), bands, task / strips % bands); }
  int image(int task) const { return task / strips / bands; }
  int ring_columns(const depthwise3x3_shape& s) const { return ((s.out_w() + strips - 1) / strips - 1) * s.stride + 3; }
};

struct normalized_depthwise3x3_arguments {
  depthwise3x3_shape shape;
  const_pixels x;
  const float *scale, *shift;  // of the norm before
  const float* weights;        // (9, C)
  struct pixels y;
  const batch_norm_statistics_arguments* behind = nullptr;  // of y, whose sums are taken; or null
};

struct normalized_depthwise3x3_backward_arguments {
  depthwise3x3_shape shape;
  batch_norm_backward_arguments project;  // of the norm behind W, finished; its dx is not written
  const float* packed;                    // W, (project.channels, C), direction::backward_data
  batch_norm_backward_arguments behind;   // finished; its x is y, its dy and dx are not there
  batch_norm_backward_arguments before;   // its x is x, its dy is dx, and its sums are taken
  const float* weights;                   // (9, C)
  struct pixels dx;
  float* dw = nullptr;  // (9, C), added to
  float* sums;          // normalized_depthwise3x3_sums(shape) floats
};

inline int tasks(const normalized_depthwise3x3_arguments& a) { return depthwise3x3_strips(a.shape).count(); }
inline int tasks(const normalized_depthwise3x3_backward_arguments& a) { return depthwise3x3_strips(a.shape).count(); }

/// Floats that each thread needs: the ring and a row of results, and backward a row of what W gives.
inline std::size_t normalized_depthwise3x3_scratch(const depthwise3x3_shape& s, int filters = 0) {
  return std::size_t(depthwise3x3_strips(s).ring_columns(s)) * (4 * s.channels + filters);
}

/// Floats of all tasks' sums of the weights.
inline std::size_t normalized_depthwise3x3_sums(const depthwise3x3_shape& s) {
  return std::size_t(depthwise3x3_strips(s).count()) * 9 * s.channels;
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/normalized_depthwise3x3.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// `scratch` holds normalized_depthwise3x3_scratch floats for each of the pool's threads. The statistics behind are finished.
template <class Pool>
void normalized_depthwise3x3(Pool& pool, instruction_set set, const normalized_depthwise3x3_arguments& a, float* scratch) {
  const auto body = set == instruction_set::avx512 ? avx512::run_normalized_depthwise
                    : set == instruction_set::avx2 ? avx2::run_normalized_depthwise
                                                   : plain::run_normalized_depthwise;
  const std::size_t size = normalized_depthwise3x3_scratch(a.shape);
  pool.run(tasks(a), [&](int task, int slot) { body(a, task, scratch + slot * size); });
  if (a.behind) finish_batch_norm(pool, *a.behind, tasks(a));
}

/// The sums of the norm before are finished.
template <class Pool>
void normalized_depthwise3x3_backward(Pool& pool, instruction_set set, const normalized_depthwise3x3_backward_arguments& a,
                                      float* scratch) {
  const auto body = set == instruction_set::avx512 ? avx512::run_normalized_depthwise_backward
                    : set == instruction_set::avx2 ? avx2::run_normalized_depthwise_backward
                                                   : plain::run_normalized_depthwise_backward;
  const std::size_t size = normalized_depthwise3x3_scratch(a.shape, a.project.channels);
  pool.run(tasks(a), [&](int task, int slot) { body(a, task, scratch + slot * size); });
  if (needs_sums(a.before)) finish_batch_norm(pool, a.before, tasks(a));
  if (a.dw) add_depthwise_sums(pool, a.sums, tasks(a), a.shape.channels, writing::accumulate, a.dw);
}

}  // namespace viseme::kernels::cpu
