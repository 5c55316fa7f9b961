// Inverted residual, whole, in inference (norms folded into weights and biases):
//     hidden = relu(E x + e + up2(L low))    1x1, `hidden` channels; low, at half the height and width, is optional
//     mixed  = relu(D hidden + d)            3x3 depthwise, stride 1 or 2, zeros around hidden
//     y      = P mixed + p + residual        1x1
// x (N, H, W, channels), low (N, H/2, W/2, low_channels), y and residual (N, out().h, out().w, filters), NHWC with pixel strides.
//
// A task is a strip of columns x a band of rows of y. It goes down the strip: a ring of three rows of `hidden`, two rows of L low and a few
// pixels of `mixed` are all that exists of the wide tensors, so they never leave L2; x and low are read once (but for the borders of strips
// and bands) and y written once. The products are dense_product's tiles. [L E] is one 1x1 convolution of [up2(low); x]: products and
// upsampling commute, and L runs on a quarter of the pixels.
// Every y is computed alone in an order fixed by the channels: results do not depend on tasks or threads.
#pragma once

#include <utility>

#include <kernels/cpu/dense_convolution.hpp>
#include <kernels/cpu/depthwise3x3.hpp>
#include <kernels/cpu/narrow_product.hpp>
#include <kernels/cpu/upsample2x.hpp>

namespace viseme::kernels::cpu {

struct inverted_residual_shape {
  int images = 1;
  size2 in;
  int channels = 1, hidden = 16, filters = 1, stride = 1;  // hidden: a multiple of 16, see padded_hidden
  int low_channels = 0;                                    // of low; 0: there is none

  constexpr size2 out() const { return {(in.h - 1) / stride + 1, (in.w - 1) / stride + 1}; }

  /// The strip's columns: what its ring leaves room for in L2.
  constexpr int columns() const {
    constexpr int ring_floats = 40 << 10;
    const int most = std::max(8, (ring_floats / (3 * hidden) - 2) / stride), strips = (out().w + most - 1) / most;
    return (out().w + strips - 1) / strips;
  }
  constexpr int rows() const { return std::clamp(out().h / 4, 16, 80); }
  constexpr int strips() const { return (out().w + columns() - 1) / columns(); }
  constexpr int bands() const { return (out().h + rows() - 1) / rows(); }
  constexpr int ring_columns() const { return (columns() - 1) * stride + 3; }
  constexpr int low_columns() const { return low_channels ? ring_columns() / 2 + 3 : 0; }
};

/// Channels beyond a block's own are zeros from end to end, so that only whole vectors are hidden.
constexpr int padded_hidden(int hidden) { return (hidden + 15) / 16 * 16; }

inline constexpr int mixed_pixels = 24;
inline constexpr int narrow_at_once = 48;  // pixels

struct inverted_residual_arguments {
  inverted_residual_shape shape;
  const_pixels x, low;
  const float *expand = nullptr, *expand_bias = nullptr;        // [L E], packed as a dense or a narrow 1x1 of (hidden, low_channels + channels); (hidden)
  const float *depthwise = nullptr, *depthwise_bias = nullptr;  // (9, hidden); (hidden)
  const float *project = nullptr, *project_bias = nullptr;      // packed likewise, of (filters, hidden); (filters)
  const_pixels residual;
  struct pixels y;
  float* scratch = nullptr;  // inverted_residual_scratch(shape) floats for each thread
};

/// Floats of scratch of one thread: the ring, two rows of L low and one between them, and a few mixed pixels; in narrow numbers also pixels in
/// these, and first sums of whole panels.
constexpr std::size_t inverted_residual_scratch(const inverted_residual_shape& s, arithmetic how = arithmetic::fp32) {
  const std::size_t wide = std::size_t(s.hidden) * (3 * (s.ring_columns() + s.low_columns()) + mixed_pixels);
  if (how == arithmetic::fp32) return wide;
  return wide + narrow_size(how, narrow_at_once, std::max({s.low_channels, s.channels, s.hidden})) + 2 * s.hidden + s.filters + 96;
}

inline int tasks(const inverted_residual_shape& s) { return s.images * s.bands() * s.strips(); }

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/inverted_residual.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// `scratch` holds inverted_residual_scratch floats for each of the pool's threads.
template <arithmetic how = arithmetic::fp32, class Pool>
void inverted_residual(Pool& pool, instruction_set set, const inverted_residual_arguments& a) {
  set = set_for(how, set);
  const auto body = set == instruction_set::avx512 ? avx512::run_inverted_residual<how> : set == instruction_set::avx2 ? avx2::run_inverted_residual<how> : plain::run_inverted_residual<how>;
  const std::size_t size = inverted_residual_scratch(a.shape, how);
  pool.run(tasks(a.shape), [&](int task, int slot) { body(a, task, a.scratch + slot * size); });
}

}  // namespace viseme::kernels::cpu
