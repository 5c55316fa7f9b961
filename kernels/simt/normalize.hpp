// Samples at length one: x, y, dx, dy channels-last (N x area, C), lengths and dot products over all of a sample.
//     y = x / max(|x|, eps)        dx = or += (dy - y (dy . y)) / max(|x|, eps), without the product where |x| < eps
// Tiling: samples, a block each; two passes, the second from the cache. For embeddings; not for samples of millions of numbers.
#pragma once

#include <kernels/simt/samples.hpp>

namespace viseme::simt {

template <class T, int N>
struct l2_normalize_samples {
  static constexpr int threads = samples::threads;
  struct shared {
    float part[threads / warp_size];
  };
  samples tiles;
  pixels<const T> x;
  pixels<T> y;
  float epsilon;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    float squares = 0;
    tiles.each<N>(t, [&](auto pixel, int channel) { squares += dot<N>(x, x, pixel, channel); });
    const float length = std::sqrt(block_sum<threads>(t, squares, t.template shared<shared>().part)),
                used = length < epsilon ? epsilon : length;
    tiles.each<N>(t, [&](auto pixel, int channel) {
      auto v = load_floats<N>(x.at(pixel) + channel);
      unrolled<N>([&](auto i) { v.at[i] /= used; });
      store_floats<N>(y.at(pixel) + channel, v);
    });
  }
};

template <class T, int N>
struct l2_normalize_gradient {
  static constexpr int threads = samples::threads;
  struct shared {
    float squares[threads / warp_size], along[threads / warp_size];
  };
  samples tiles;
  pixels<const T> x, y, dy;
  pixels<T> dx;
  writing how;
  float epsilon;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    float squares = 0, along = 0;
    tiles.each<N>(t, [&](auto pixel, int channel) {
      squares += dot<N>(x, x, pixel, channel);
      along += dot<N>(dy, y, pixel, channel);
    });
    const float length = std::sqrt(block_sum<threads>(t, squares, s.squares)), sum = block_sum<threads>(t, along, s.along);
    const bool tiny = length < epsilon;
    const float used = tiny ? epsilon : length, product = tiny ? 0 : sum;
    tiles.each<N>(t, [&](auto pixel, int channel) {
      auto v = load_floats<N>(dy.at(pixel) + channel);
      const auto out = load_floats<N>(y.at(pixel) + channel);
      unrolled<N>([&](auto i) { v.at[i] = (v.at[i] - product * out.at[i]) / used; });
      store_floats<N>(dx.at(pixel) + channel, v, how);
    });
  }
};

}  // namespace viseme::simt
