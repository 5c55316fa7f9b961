// Gradients of the 3x3 depthwise convolution of depthwise3x3.hpp.
//     data, stride 2   dx[n, i, j, c] (+)= sum over the (h, w), (u, v) with 2 h + u - 1 = i, 2 w + v - 1 = j of
//                      W[3 u + v, c] dy[n, h, w, c]
//     (stride 1 is depthwise3x3 itself with the weights turned)
//     weights          dW[c, i, j] += sum over n, h, w of dy[n, h, w, c] x[n, s h + i - 1, s w + j - 1, c]
// x, dx (N, H, W, C), dy (N, Ho, Wo, C), channels last; W (9, C) float; dW PyTorch's (C, 1, 3, 3) float.
// Data: a thread owns the inputs under `columns` gradient columns and walks down; a gradient is read once but for the tile's right border.
// Weights: a thread owns N channels and walks down pairs of columns with the nine sums and the gradients of the rows that an input row
// meets in registers; a block's threads of the same channels are added in shared memory, each block writes its part (9, C) to scratch, and
// a second kernel adds the parts in a fixed order: two levels, no atomics, the same bits every time.
#pragma once

#include <kernels/simt/depthwise3x3.hpp>

namespace viseme::simt {

template <class T, int N>
struct depthwise3x3_stride2_backward_data {
  static constexpr int threads = depthwise_threads, columns = depthwise_columns;
  depthwise3x3_size size;
  pixels<const T> dy;
  const float* weights;
  pixels<T> dx;
  writing how = writing::overwrite;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const row_piece at(t, size.channels, N, threads);
    const int left = at.column * columns, chunks = size.chunks(), image = t.block().x / chunks;
    if (left >= size.out.w) return;
    const int first = (t.block().x - image * chunks) * size.rows, last = first + size.rows < size.out.h ? first + size.rows : size.out.h;
    floats<N> w[9], above[columns + 1], below[columns + 1] = {};
    unrolled<9>([&](auto k) { w[k] = load_floats<N>(weights + std::ptrdiff_t(k) * size.channels + at.channel); });
    load_row(dy, std::ptrdiff_t(image) * size.out.h + first, size.out.w, left, at.channel, above);
    for (int h = first; h < last; ++h) {
      if (h + 1 < size.out.h) load_row(dy, std::ptrdiff_t(image) * size.out.h + h + 1, size.out.w, left, at.channel, below);
      else unrolled<columns + 1>([&](auto c) { below[c] = {}; });
      const auto row = (std::ptrdiff_t(image) * size.in.h + 2 * h) * size.in.w;
      unrolled<columns>([&](auto c) {
        const int column = 2 * (left + c);
        if (column >= size.in.w) return;
        const bool right = column + 1 < size.in.w;
        floats<N> even, odd;
        for (int k = 0; k < N; ++k) {
          even.at[k] = above[c].at[k] * w[4].at[k];
          odd.at[k] = above[c].at[k] * w[5].at[k] + above[c + 1].at[k] * w[3].at[k];
        }
        write(row + column, at.channel, even, odd, right);
        if (2 * h + 1 >= size.in.h) return;
        for (int k = 0; k < N; ++k) {
          even.at[k] = above[c].at[k] * w[7].at[k] + below[c].at[k] * w[1].at[k];
          odd.at[k] =
              above[c].at[k] * w[8].at[k] + above[c + 1].at[k] * w[6].at[k] + below[c].at[k] * w[2].at[k] + below[c + 1].at[k] * w[0].at[k];
        }
        write(row + size.in.w + column, at.channel, even, odd, right);
      });
      unrolled<columns + 1>([&](auto c) { above[c] = below[c]; });
    }
  }

private:
  VISEME_DEVICE void write(std::ptrdiff_t pixel, int channel, const floats<N>& even, const floats<N>& odd, bool right) const {
    store_floats(dx.at(pixel) + channel, even, how);
    if (right) store_floats(dx.at(pixel + 1) + channel, odd, how);
  }
};

/// Rows for enough blocks to keep a large GPU busy; whatever the vectors, so that the parts' count is known from the shape.
inline depthwise3x3_size depthwise3x3_part_sizes(shape x, int stride) {
  constexpr std::ptrdiff_t enough_blocks = 512;
  depthwise3x3_size s{x.n, x.c, {x.h, x.w}, {(x.h - 1) / stride + 1, (x.w - 1) / stride + 1}};
  s.rows = int(
      std::clamp<std::ptrdiff_t>(std::ptrdiff_t(x.n) * s.out.h * std::ptrdiff_t(ceil_div(std::size_t(x.c), 128)) / enough_blocks, 4, 32));
  return s;
}

template <class T, int N, int Stride>
struct depthwise3x3_weight_parts {
  static constexpr int threads = 128, columns = 2, inputs = (columns - 1) * Stride + 3, met_rows = Stride == 1 ? 3 : 2;
  struct shared {
    float sum[threads][9 * N + 1];
  };
  depthwise3x3_size size;
  int lane_bits;  // 1 << lane_bits neighbouring threads have neighbouring channels
  pixels<const T> x, dy;
  float* parts;  // (images x chunks, 9, C)

  static int lane_bits_for(int channels) {
    int bits = 0;
    while ((1 << bits) < warp_size && (N << bits) < channels) ++bits;
    return bits;
  }
  struct grid blocks() const {
    return {size.images * size.chunks(), int(ceil_div(std::size_t(size.channels), std::size_t(N) << lane_bits))};
  }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int chunks = size.chunks(), image = t.block().x / chunks;
    const int first = (t.block().x - image * chunks) * size.rows, last = first + size.rows < size.out.h ? first + size.rows : size.out.h;
    const int lanes = 1 << lane_bits, lane = t.thread() & (lanes - 1), groups = threads >> lane_bits, group = t.thread() >> lane_bits;
    const int channel = ((t.block().y << lane_bits) + lane) * N;
    floats<N> sum[9] = {};
    if (channel < size.channels)
      for (int left = group * columns; left < size.out.w; left += groups * columns) walk_down(image, first, last, left, channel, sum);
    unrolled<9>([&](auto i) {
      for (int k = 0; k < N; ++k) s.sum[t.thread()][i * N + k] = sum[i].at[k];
    });
    t.sync();
    const int c = t.thread(), to = (t.block().y << lane_bits) * N + c;
    if (c >= lanes * N || to >= size.channels) return;
    for (int k = 0; k < 9; ++k) {
      float total = 0;
      for (int g = 0; g < groups; ++g) total += s.sum[g * lanes + c / N][k * N + c % N];
      parts[(std::ptrdiff_t(t.block().x) * 9 + k) * size.channels + to] = total;
    }
  }

private:
  VISEME_DEVICE void walk_down(int image, int first, int last, int left, int channel, floats<N> (&sum)[9]) const {
    floats<N> g[met_rows][columns] = {};  // g: of output rows h, h + 1, ...
    const auto gradient = [&](int h, floats<N>(&to)[columns]) {
      if (h < last) load_row(dy, std::ptrdiff_t(image) * size.out.h + h, size.out.w, left, channel, to);
      else unrolled<columns>([&](auto c) { to[c] = {}; });
    };
    /// Input row `in` with weight row `Row` of the first gradient row, Row - Stride of the second ...
    const auto take = [&]<int Row>(std::integral_constant<int, Row>, int in) {
      if (unsigned(in) >= unsigned(size.in.h)) return;
      floats<N> v[inputs];
      load_row(x, std::ptrdiff_t(image) * size.in.h + in, size.in.w, left * Stride - 1, channel, v);
      unrolled<Row / Stride + 1>([&](auto o) {
        unrolled<columns>([&](auto c) {
          unrolled<3>([&](auto j) {
            for (int k = 0; k < N; ++k) sum[3 * (Row - Stride * o) + j].at[k] += v[c * Stride + j].at[k] * g[o][c].at[k];
          });
        });
      });
    };
    unrolled<met_rows - 1>([&](auto o) { gradient(first + o, g[o]); });
    take(std::integral_constant<int, 0>{}, first * Stride - 1);
    if constexpr (Stride == 1) take(std::integral_constant<int, 1>{}, first);
    for (int h = first; h < last; ++h) {
      gradient(h + met_rows - 1, g[met_rows - 1]);
      if constexpr (Stride == 2) take(std::integral_constant<int, 1>{}, 2 * h);
      take(std::integral_constant<int, 2>{}, h * Stride + 1);
      unrolled<columns>([&](auto c) {
        unrolled<met_rows - 1>([&](auto o) { g[o][c] = g[o + 1][c]; });
      });
    }
  }
};

/// dW[c, k] += the parts (count, 9, C) in order: the warps of a block share the parts, 32 sums side by side.
struct depthwise3x3_weight_sum {
  static constexpr int threads = 256, warps = threads / warp_size;
  struct shared {
    float sum[warps][warp_size];
  };
  int channels, count;
  const float* parts;
  float* dw;

  struct grid blocks() const { return {int(ceil_div(std::size_t(channels), warp_size)), 9}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int c = t.block().x * warp_size + t.lane(), k = t.block().y;
    float sum = 0;
    if (c < channels)
      for (int p = t.warp(); p < count; p += warps) sum += parts[(std::ptrdiff_t(p) * 9 + k) * channels + c];
    s.sum[t.warp()][t.lane()] = sum;
    t.sync();
    if (t.warp() || c >= channels) return;
    for (int w = 1; w < warps; ++w) sum += s.sum[w][t.lane()];
    dw[std::ptrdiff_t(c) * 9 + k] += sum;
  }
};

}  // namespace viseme::simt
