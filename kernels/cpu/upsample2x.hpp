// Bilinear upsampling by two, align_corners = true: output o of 2n lies at o (n - 1) / (2n - 1) between the inputs, per axis.
//
// Shapes: x (N, H, W, C); the (2H, 2W) result is placed at (top, left) of y (N, Ho, Wo, C): what falls outside is cropped, what it does
// not cover is zero, so a skip connection of odd size needs no second pass. Pixel strides let y be the first channels of a concatenation.
// Coordinates are exact fractions. The backward pass gathers: at most four outputs an axis touch an input, so nothing is added in an
// order that could change.
#pragma once

#include <cstdint>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

struct upsample2x_shape {
  int n, h, w, channels;
  int out_h, out_w;        ///< of y; 2h and 2w when nothing is cropped or padded
  int top = 0, left = 0;   ///< where the first upsampled pixel lies in y; negative crops
};

struct upsample2x_arguments {
  upsample2x_shape shape;
  const_pixels x;
  struct pixels y;
};

/// dx (+)= the gradient of x.
struct upsample2x_backward_arguments {
  upsample2x_shape shape;
  const_pixels dy;
  struct pixels dx;
  writing how = writing::overwrite;
};

/// Where output o of 2 * size lies: between `below` and `above`, at `fraction` of the way.
struct bilinear_position {
  int below, above;
  float fraction;

  bilinear_position(int o, int size) : size_(size), steps_(2 * std::int64_t(size) - 1) {
    const std::int64_t at = std::int64_t(o) * (size - 1);
    below = int(at / steps_);
    over_ = at % steps_;
    place();
  }

  /// That of output o + 1.
  bilinear_position& operator++() {
    over_ += size_ - 1;
    if (over_ >= steps_) over_ -= steps_, ++below;
    place();
    return *this;
  }

private:
  void place() {
    above = std::min(below + 1, size_ - 1);
    fraction = float(over_) / float(steps_);
  }

  int size_;
  std::int64_t steps_, over_;  // over_ / steps_: the fraction, exactly
};

/// The outputs that input i touches, at most four: indices and weights.
struct bilinear_touches {
  int count = 0, index[4];
  float weight[4];

  /// Those in [begin, end) of 2 * size, numbered from `offset` on.
  bilinear_touches(int i, int size, int begin, int end, int offset) {
    const std::int64_t steps = 2 * std::int64_t(size) - 1;
    const int first = i == 0 ? 0 : int((i - 1) * steps / (size - 1) + 1);
    for (int o = std::max(first, begin); o < end; ++o) {
      const bilinear_position at(o, size);
      if (at.below > i) break;
      const float w = (at.below == i ? 1 - at.fraction : 0) + (at.above == i ? at.fraction : 0);
      if (w == 0) continue;
      index[count] = o + offset;
      weight[count++] = w;
    }
  }
};

inline int tasks(const upsample2x_arguments& a) {
  return task_count(std::ptrdiff_t(a.shape.n) * a.shape.out_h, std::ptrdiff_t(a.shape.out_w) * a.shape.channels);
}
inline int tasks(const upsample2x_backward_arguments& a) {
  return task_count(std::ptrdiff_t(a.shape.n) * a.shape.h, std::ptrdiff_t(a.shape.w) * a.shape.channels * 4);
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/upsample2x.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void upsample2x(Pool& pool, instruction_set set, const upsample2x_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void upsample2x_backward(Pool& pool, instruction_set set, const upsample2x_backward_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
