// Inverted residual, whole, in inference (norms folded into weights and biases):
//     hidden = relu(E x + e)            1x1; behind an upsampling relu(E x + e + low'), low' bilinear from low (N, H / 2, W / 2, hidden)
//     mixed  = relu(D hidden + d)       3x3 depthwise, stride 1 or 2, zeros around hidden
//     y      = P mixed + p + residual   1x1
// x (N, H, W, channels), y and residual (N, Ho, Wo, filters), Ho = (H - 1) / stride + 1, channels last. E, P of T in the order of
// inverted_weights, D (9, hidden) float, biases float; hidden channels are padded to 32s with zeros.
// Tiling: a block owns a tile of y (8 x 16 pixels, 4 x 8 at stride 2; half as wide in float). The pixels of x under it and its border stay
// in shared memory; hidden channels come 32 at a time: expanded for tile and border, mixed, and added to the sums of y, which stay in
// registers. The wide tensors never reach memory, at the price of expanding a tile's border again: 1.4 times the products at stride 1, 1.2
// at stride 2.
// 16-bit T multiplies on tensor cores, float on the ordinary ones.
// low' is put where hidden will be, 16 bytes a thread, before the first product is added to it: low is never written at full size.
// Not for more than 64 channels or filters: neither shared memory nor registers are left for them.
#pragma once

#include <kernels/simt/inverted_residual_products.hpp>
#include <kernels/simt/upsampled.hpp>

namespace viseme::simt {

template <class T>
struct inverted_residual_arguments {
  int hidden = inverted_chunk, filters = 1;  // hidden: padded
  size2 in, out;
  pixels<const T> x;
  bool x_in_vectors = false, y_in_pairs = false;
  inverted_expand<T> expand;
  upsampled<T> low;  // behind an upsampling; then hidden is without padding
  const float *depthwise = nullptr, *depthwise_bias = nullptr;
  const T* project = nullptr;
  const float* project_bias = nullptr;
  pixels<const T> residual;
  pixels<T> y;
};

template <class T, int Stride, bool Up = false>
struct inverted_residual {
  using tile = inverted_tile<T, Stride>;
  using products = inverted_products<T, Stride>;
  static constexpr int threads = inverted_threads;
  using shared = inverted_shared<T, Stride>;
  inverted_residual_arguments<T> a;

  struct grid blocks(int images) const {
    return {int(ceil_div(std::size_t(a.out.w), tile::out.w)), int(ceil_div(std::size_t(a.out.h), tile::out.h)), images};
  }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const size2 first{t.block().y * tile::out.h, t.block().x * tile::out.w}, corner{first.h * Stride - 1, first.w * Stride - 1};
    load_x(t, s, corner);
    t.sync();
    typename products::sums sums{};
    for (int chunk = 0; chunk < a.hidden; chunk += inverted_chunk) {
      if constexpr (Up) {
        upsample_low(t, s, corner, chunk);
        t.sync();
      }
      products::expand(t, s, a.expand, chunk, a.hidden, [&]<int N>(int pixel, int column, floats<N> v) {
        if (!inside(corner, pixel)) return floats<N>{};
        if constexpr (Up) v += load_floats<N>(&s.hidden[pixel][column]);
        activate_all(v, activation::relu, 0);
        return v;
      });
      t.sync();
      mix(t, s, chunk);
      t.sync();
      products::project(t, s, a.filters, chunk, a.hidden, a.project, sums);
    }
    products::each(t, sums, [&](int pixel, int filter, float low, float high) {
      const size2 at{first.h + pixel / tile::out.w, first.w + pixel % tile::out.w};
      if (at.h < a.out.h && at.w < a.out.w && filter < a.filters)
        write((std::ptrdiff_t(t.block().z) * a.out.h + at.h) * a.out.w + at.w, filter, low, high);
    });
  }

private:
  VISEME_DEVICE bool inside(size2 corner, int pixel) const {
    return unsigned(corner.h + pixel / tile::in.w) < unsigned(a.in.h) && unsigned(corner.w + pixel % tile::in.w) < unsigned(a.in.w);
  }

  /// low' of a chunk, to where hidden will be.
  template <class Thread>
  VISEME_DEVICE void upsample_low(const Thread& t, shared& s, size2 corner, int chunk) const {
    constexpr int vector = widest<T>, vectors = inverted_chunk / vector;
    const int channel = t.thread() % vectors * vector;
    for (int pixel = t.thread() / vectors; pixel < tile::in_pixels; pixel += threads / vectors) {
      if (!inside(corner, pixel)) continue;
      const auto from = a.low.pixel(t.block().z, corner.h + pixel / tile::in.w, corner.w + pixel % tile::in.w);
      const auto v = from.template at<vector>(chunk + channel);
      unrolled<vector / 4>([&](auto k) {  // hidden's rows are no multiples of 16 bytes
        store_floats(&s.hidden[pixel][channel + 4 * k], floats<4>{v.at[4 * k], v.at[4 * k + 1], v.at[4 * k + 2], v.at[4 * k + 3]});
      });
    }
  }

  /// The pixels under the tile and its border, zeros outside of the picture and behind the channels: eight threads a pixel.
  template <class Thread>
  VISEME_DEVICE void load_x(const Thread& t, shared& s, size2 corner) const {
    constexpr int vector = widest<T>, steps = (tile::in_pixels + 31) / 32;
    const int padded = inverted_padded<T>(a.expand.channels);
    unrolled<steps>([&](auto step) {
      const int pixel = t.thread() / 8 + step * 32;
      if (pixel >= tile::in_pixels) return;
      const int row = corner.h + pixel / tile::in.w, column = corner.w + pixel % tile::in.w;
      const bool there = inside(corner, pixel);
      const T* from = a.x.at((std::ptrdiff_t(t.block().z) * a.in.h + (there ? row : 0)) * a.in.w + (there ? column : 0));
      for (int c = t.thread() % 8 * vector; c < padded; c += 8 * vector) {
        aligned<T, vector> v;
        if (a.x_in_vectors && there && c < a.expand.channels) {
          v = load<T, vector>(from + c);
        } else {
          unrolled<vector>([&](auto k) { v.at[k] = there && c + k < a.expand.channels ? from[c + k] : T(0.0f); });
        }
        store(&s.x[pixel][c], v);
      }
    });
  }

  /// mixed = relu(D hidden + d): four channels a thread, neighbouring columns share what they read.
  template <class Thread>
  VISEME_DEVICE void mix(const Thread& t, shared& s, int chunk) const {
    constexpr int runs = threads / 8, columns = tile::out_pixels > runs ? tile::out_pixels / runs : 1, inputs = (columns - 1) * Stride + 3;
    const int channel = t.thread() % 8 * 4, pixel = t.thread() / 8 * columns;
    if (pixel >= tile::out_pixels) return;
    const int corner = pixel / tile::out.w * Stride * tile::in.w + pixel % tile::out.w * Stride;
    floats<4> sum[columns] = {};
    unrolled<3>([&](auto i) {
      floats<4> w[3], v[inputs];
      unrolled<3>([&](auto j) { w[j] = load_floats<4>(a.depthwise + std::ptrdiff_t(3 * i + j) * a.hidden + chunk + channel); });
      unrolled<inputs>([&](auto c) { v[c] = load_floats<4>(&s.hidden[corner + i * tile::in.w + c][channel]); });
      unrolled<columns>([&](auto c) {
        unrolled<3>([&](auto j) {
          for (int k = 0; k < 4; ++k) sum[c].at[k] += v[c * Stride + j].at[k] * w[j].at[k];
        });
      });
    });
    const auto bias = load_floats<4>(a.depthwise_bias + chunk + channel);
    unrolled<columns>([&](auto c) {
      for (int k = 0; k < 4; ++k) sum[c].at[k] += bias.at[k];
      activate_all(sum[c], activation::relu, 0);
      store_floats(&s.mixed[pixel + c][channel], sum[c]);
    });
  }

  VISEME_DEVICE void write(std::ptrdiff_t pixel, int filter, float low, float high) const {
    const bool both = filter + 1 < a.filters;
    low += a.project_bias[filter];
    if (both) high += a.project_bias[filter + 1];
    if (a.residual) {
      low += float(a.residual.at(pixel)[filter]);
      if (both) high += float(a.residual.at(pixel)[filter + 1]);
    }
    T* to = a.y.at(pixel) + filter;
    if (a.y_in_pairs) return store(to, aligned<T, 2>{T(low), T(high)});
    to[0] = T(low);
    if (both) to[1] = T(high);
  }
};

}  // namespace viseme::simt
