// 3x3 depthwise convolution, zero padding 1, stride 1 or 2:
//     y[n, h, w, c] = act(sum over i, j of W[3 i + j, c] x[n, s h + i - 1, s w + j - 1, c] + bias[c] + residual[n, h, w, c])
// x (N, H, W, C), y (N, Ho, Wo, C) with Ho = (H - 1) / s + 1, channels last; W (9, C) float. With the weights turned by 180 degrees stride
// 1 is its own backward pass to the data.
// Tiling: a thread owns `columns` output columns of N channels and walks down `rows` rows. The nine weights and the sums of the rows that
// an input row touches stay in registers, so an input is read once but for the tile's borders: 1.5 reads an output at stride 1, all of a
// row's in flight at once. Bound by memory. N is 4 (8 bytes of 16-bit numbers): with 8 weights and sums would leave too few threads; 1
// where channels come in no fours.
#pragma once

#include <algorithm>

#include <kernels/simt/vectors.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

/// Sizes, and how many output rows (backward with stride 2: gradient rows) one thread walks down.
struct depthwise3x3_size {
  int images = 1, channels = 1;
  size2 in, out;
  int rows = 1;

  VISEME_DEVICE int chunks() const { return (out.h + rows - 1) / rows; }
};

inline constexpr int depthwise_threads = 128, depthwise_columns = 4;

/// Long walks read the fewest rows twice; short ones where there would be too few blocks to keep a large GPU busy.
inline depthwise3x3_size depthwise3x3_sizes(shape x, int stride, int vector) {
  constexpr std::ptrdiff_t enough_blocks = 1024;
  depthwise3x3_size s{x.n, x.c, {x.h, x.w}, {(x.h - 1) / stride + 1, (x.w - 1) / stride + 1}};
  const grid one =
      row_grid(std::ptrdiff_t(x.n) * s.out.h, int(ceil_div(std::size_t(s.out.w), depthwise_columns)), x.c, vector, depthwise_threads);
  s.rows = int(std::clamp<std::ptrdiff_t>(std::ptrdiff_t(one.x) * one.y / enough_blocks, 2, 16));
  return s;
}
inline grid depthwise3x3_grid(const depthwise3x3_size& s, int vector) {
  return row_grid(std::ptrdiff_t(s.images) * s.chunks(), int(ceil_div(std::size_t(s.out.w), depthwise_columns)), s.channels, vector,
                  depthwise_threads);
}

/// N channels of neighbouring pixels of a row from column `first` on; zeros outside of the picture.
template <int N, int Count, class T>
VISEME_DEVICE void load_row(const pixels<const T>& x, std::ptrdiff_t row, int width, int first, int channel, floats<N> (&to)[Count]) {
  const T* from = x.at(row * width) + channel;
  unrolled<Count>([&](auto c) {
    const int column = first + c;
    to[c] = unsigned(column) < unsigned(width) ? load_floats<N>(from + column * x.stride) : floats<N>{};
  });
}

template <class T, int N, int Stride>
struct depthwise3x3 {
  static constexpr int threads = depthwise_threads, columns = depthwise_columns, inputs = (columns - 1) * Stride + 3,
                       open_rows = Stride == 1 ? 3 : 2;
  depthwise3x3_size size;
  pixels<const T> x;
  const float* weights;
  pixels<T> y;
  epilogue<T> after;
  writing how = writing::overwrite;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const row_piece at(t, size.channels, N, threads);
    const int left = at.column * columns, chunks = size.chunks(), image = t.block().x / chunks;
    if (left >= size.out.w) return;
    const int first = (t.block().x - image * chunks) * size.rows, last = first + size.rows < size.out.h ? first + size.rows : size.out.h;
    floats<N> w[9], bias{}, sum[open_rows][columns] = {};  // sum: of output rows h, h + 1, ...
    unrolled<9>([&](auto k) { w[k] = load_floats<N>(weights + std::ptrdiff_t(k) * size.channels + at.channel); });
    if (after.bias) bias = load_floats<N>(after.bias + at.channel);

    /// Input row `in` under weight row `Row` of the first open output row, Row - Stride of the second ...
    const auto take = [&]<int Row>(std::integral_constant<int, Row>, int in) {
      if (unsigned(in) >= unsigned(size.in.h)) return;
      floats<N> v[inputs];
      load_row(x, std::ptrdiff_t(image) * size.in.h + in, size.in.w, left * Stride - 1, at.channel, v);
      unrolled<Row / Stride + 1>([&](auto o) {
        unrolled<columns>([&](auto c) {
          unrolled<3>([&](auto j) {
            for (int k = 0; k < N; ++k) sum[o][c].at[k] += v[c * Stride + j].at[k] * w[3 * (Row - Stride * o) + j].at[k];
          });
        });
      });
    };
    take(std::integral_constant<int, 0>{}, first * Stride - 1);
    if constexpr (Stride == 1) take(std::integral_constant<int, 1>{}, first);
    for (int h = first; h < last; ++h) {
      if constexpr (Stride == 2) take(std::integral_constant<int, 1>{}, 2 * h);
      take(std::integral_constant<int, 2>{}, h * Stride + 1);
      const auto row = (std::ptrdiff_t(image) * size.out.h + h) * size.out.w + left;
      unrolled<columns>([&](auto c) {
        if (left + c < size.out.w) finish(sum[0][c], bias, row + c, at.channel);
        unrolled<open_rows - 1>([&](auto o) { sum[o][c] = sum[o + 1][c]; });
        sum[open_rows - 1][c] = {};
      });
    }
  }

private:
  VISEME_DEVICE void finish(floats<N> sum, const floats<N>& bias, std::ptrdiff_t pixel, int channel) const {
    for (int k = 0; k < N; ++k) sum.at[k] += bias.at[k];
    if (after.residual) {
      const auto r = load_floats<N>(after.residual.at(pixel) + channel);
      for (int k = 0; k < N; ++k) sum.at[k] += r.at[k];
    }
    activate_all(sum, after.act, after.slope);
    store_floats(y.at(pixel) + channel, sum, how);
  }
};

/// PyTorch's (C, 1, 3, 3) to (9, C), times a factor by channel, turned by 180 degrees for a backward pass.
struct pack_depthwise3x3 {
  static constexpr int threads = 256;
  int channels;
  bool turned;
  const float* weight;
  const float* scale;  // (C), or null
  float* to;

  struct grid blocks() const { return {int(ceil_div(std::size_t(channels), threads)), 9}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int c = t.block().x * threads + t.thread(), k = t.block().y;
    if (c >= channels) return;
    to[std::ptrdiff_t(k) * channels + c] = weight[std::ptrdiff_t(c) * 9 + (turned ? 8 - k : k)] * (scale ? scale[c] : 1.0f);
  }
};

}  // namespace viseme::simt
