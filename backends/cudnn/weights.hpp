// Between PyTorch's weights in float, (K, C, R, S), and cuDNN's channels last, (K, R, S, C) of T. On any place of the kernels.
#pragma once

#include <backends/simt/backend.hpp>
#include <kernels/simt/parameters.hpp>
#include <kernels/simt/weight_gradient.hpp>
#include <viseme/layers/conv2d.hpp>

namespace viseme::backends {

/// `scale`: of each filter, or null.
template <class Context, class T>
void turn_weights(Context& c, conv s, const float* weight, const float* scale, T* to) {
  const int taps = s.kernel.h * s.kernel.w;
  const auto count = std::ptrdiff_t(s.out) * s.in * taps;
  if (scale) {
    float* scaled = c.staging(std::size_t(count));
    launch(c, simt::elementwise_grid(count), simt::pack_weights<float>{s.out, s.in * taps, 1, false, weight, scale, scaled});
    weight = scaled;
  }
  const simt::from_nchw<T> k{{s.out, s.in, taps}, weight, {to, s.in}};
  launch(c, k.blocks(), k);
}

/// Adds a gradient in cuDNN's order to one in PyTorch's. `converted`: room for it in float where T is not.
template <class Context, class T>
void add_turned_gradient(Context& c, conv s, const T* gradient, float* converted, float* to) {
  const int taps = s.kernel.h * s.kernel.w;
  const auto count = std::ptrdiff_t(s.out) * s.in * taps;
  const float* values = converted;
  if constexpr (is_half<T>) {
    const simt::to_nchw<T> k{{1, 1, int(count)}, {gradient, 1}, converted};
    launch(c, k.blocks(), k);
  } else {
    values = gradient;
  }
  launch(c, simt::elementwise_grid(count), simt::weight_gradient_sum{s.in, s.out, taps, 1, values, to});
}

}  // namespace viseme::backends
