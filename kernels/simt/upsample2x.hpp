// Bilinear upsampling by two, align_corners: output o of 2n lies at o (n - 1) / (2n - 1) between the inputs, per axis.
// x (N, H, W, C), y (N, 2H, 2W, C), channels last.
// Outputs 2i - 1 and 2i lie between inputs i - 1 and i, at (n - i) / (2n - 1) and (2n - 1 - i) / (2n - 1) of the way: cells 0 .. n cover an
// axis, the first and the last have one output. A thread of the forward pass owns a cell: four inputs are read for its four outputs.
// Backward gathers: input i takes from outputs 2i - 1 .. 2i + 2 with weights n - i, 2n - 1 - i, n + i, i + 1 over 2n - 1, so nothing is
// added in an order that could change. A thread owns `columns` neighbouring inputs and sums each output column over its four rows once for
// both inputs that it touches: 10 reads an input instead of 16. Both are bound by memory.
#pragma once

#include <kernels/simt/vectors.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

template <class T, int N>
struct upsample2x {
  static constexpr int threads = row_threads;
  shape x_size;
  pixels<const T> x;
  pixels<T> y;

  struct grid blocks() const { return row_grid(std::ptrdiff_t(x_size.n) * (x_size.h + 1), x_size.w + 1, x_size.c, N); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int height = x_size.h, width = x_size.w;
    const int image = t.block().x / (height + 1), i = t.block().x - image * (height + 1);
    const row_piece at(t, x_size.c, N);
    const int j = at.column;
    if (j > width) return;
    const std::ptrdiff_t above = (std::ptrdiff_t(image) * height + (i ? i - 1 : 0)) * width,
                         below = (std::ptrdiff_t(image) * height + (i < height ? i : i - 1)) * width;
    const int left = j ? j - 1 : 0, right = j < width ? j : j - 1;
    const auto a = load_floats<N>(x.at(above + left) + at.channel), b = load_floats<N>(x.at(above + right) + at.channel);
    const auto c = load_floats<N>(x.at(below + left) + at.channel), d = load_floats<N>(x.at(below + right) + at.channel);
    const float down[2] = {float(height - i) / float(2 * height - 1), float(2 * height - 1 - i) / float(2 * height - 1)};
    const float across[2] = {float(width - j) / float(2 * width - 1), float(2 * width - 1 - j) / float(2 * width - 1)};
    const auto first = (std::ptrdiff_t(image) * 2 * height + 2 * i - 1) * 2 * width + 2 * j - 1;
    for (int q = 0; q < 2; ++q) {
      if (unsigned(2 * j - 1 + q) >= unsigned(2 * width)) continue;
      floats<N> high, low;
      for (int k = 0; k < N; ++k) {
        high.at[k] = a.at[k] + (b.at[k] - a.at[k]) * across[q];
        low.at[k] = c.at[k] + (d.at[k] - c.at[k]) * across[q];
      }
      for (int r = 0; r < 2; ++r) {
        if (unsigned(2 * i - 1 + r) >= unsigned(2 * height)) continue;
        floats<N> between;
        for (int k = 0; k < N; ++k) between.at[k] = high.at[k] + (low.at[k] - high.at[k]) * down[r];
        store_floats(y.at(first + r * 2 * width + q) + at.channel, between);
      }
    }
  }
};

template <class T, int N>
struct upsample2x_backward {
  static constexpr int threads = row_threads, columns = 4;
  shape x_size;
  pixels<const T> dy;
  pixels<T> dx;
  writing how = writing::overwrite;

  struct grid blocks() const { return row_grid(std::ptrdiff_t(x_size.n) * x_size.h, (x_size.w + columns - 1) / columns, x_size.c, N); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int height = x_size.h, width = x_size.w;
    const int image = t.block().x / height, i = t.block().x - image * height;
    const row_piece at(t, x_size.c, N);
    const int first = at.column * columns;
    if (first >= width) return;
    float down[4];
    weights(i, height, down);
    const auto dy_row = (std::ptrdiff_t(image) * 2 * height + 2 * i - 1) * 2 * width, dx_row = (std::ptrdiff_t(image) * height + i) * width;

    floats<N> sum[4];  // of output columns 2j - 1 .. 2j + 2 over the four rows
    for (int o = 0; o < 2; ++o) sum[o] = column(dy_row, 2 * first - 1 + o, down, at.channel);
    unrolled<columns>([&](auto p) {
      const int j = first + p;
      if (j >= width) return;
      for (int o = 2; o < 4; ++o) sum[o] = column(dy_row, 2 * j - 1 + o, down, at.channel);
      float across[4];
      weights(j, width, across);
      floats<N> total;
      for (int k = 0; k < N; ++k)
        total.at[k] = sum[0].at[k] * across[0] + sum[1].at[k] * across[1] + sum[2].at[k] * across[2] + sum[3].at[k] * across[3];
      store_floats(dx.at(dx_row + j) + at.channel, total, how);
      sum[0] = sum[2];
      sum[1] = sum[3];
    });
  }

private:
  /// Of outputs 2i - 1 .. 2i + 2; 0 for those that do not exist.
  VISEME_DEVICE static void weights(int i, int size, float (&w)[4]) {
    const float steps = float(2 * size - 1);
    w[0] = i ? float(size - i) / steps : 0;
    w[1] = float(2 * size - 1 - i) / steps;
    w[2] = float(size + i) / steps;
    w[3] = i + 1 < size ? float(i + 1) / steps : 0;
  }
  VISEME_DEVICE floats<N> column(std::ptrdiff_t row, int o, const float (&down)[4], int channel) const {
    floats<N> sum{};
    if (unsigned(o) >= unsigned(2 * x_size.w)) return sum;
    unrolled<4>([&](auto r) {
      if (down[r] == 0) return;
      const auto v = load_floats<N>(dy.at(row + std::ptrdiff_t(r) * 2 * x_size.w + o) + channel);
      for (int k = 0; k < N; ++k) sum.at[k] += v.at[k] * down[r];
    });
    return sum;
  }
};

}  // namespace viseme::simt
