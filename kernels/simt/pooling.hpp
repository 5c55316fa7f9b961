// Pooling without overlap over windows of kh x kw, strides as the window; pixels beyond the last whole window are dropped.
//     y[n, i, j, c] = max or mean over the window of x[n, i kh + u, j kw + v, c]
// x (N, H, W, C), y (N, H / kh, W / kw, C), channels last. Numbers as PyTorch's: of equal maxima the first in reading order takes the
// gradient, a NaN is greater than every number and the first one wins.
// Maximum: a thread owns a window of a vector of channels; backward reads x again to find the maximum and writes the window's whole
// gradient, zeros in the pixels that no window has. `Window` 2 is unrolled, all of its loads are in flight; 0 is any size.
// Mean: made for large windows (whole pictures): a block owns 32 vectors of one output, its warps take rows of the window in turn, sums of
// rows are added last. Small windows leave warps idle.
#pragma once

#include <kernels/simt/vectors.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

/// `m` against the next candidate: whether it is taken.
VISEME_DEVICE inline bool beats(float v, float m) { return v > m || (v != v && m == m); }

template <class T, int N, int Window>
struct max_pool {
  static constexpr int threads = row_threads;
  shape x_size;
  int window;
  pixels<const T> x;
  pixels<T> y;

  struct grid blocks() const { return row_grid(std::ptrdiff_t(x_size.n) * (x_size.h / window), x_size.w / window, x_size.c, N); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int size = Window ? Window : window, rows = x_size.h / size, columns = x_size.w / size;
    const int image = t.block().x / rows, i = t.block().x - image * rows;
    const row_piece at(t, x_size.c, N);
    if (at.column >= columns) return;
    const auto first = (std::ptrdiff_t(image) * x_size.h + i * size) * x_size.w + at.column * size;
    auto top = load_floats<N>(x.at(first) + at.channel);
    for (int u = 0; u < size; ++u)
      for (int v = 0; v < size; ++v) {
        const auto next = load_floats<N>(x.at(first + std::ptrdiff_t(u) * x_size.w + v) + at.channel);
        for (int k = 0; k < N; ++k) top.at[k] = beats(next.at[k], top.at[k]) ? next.at[k] : top.at[k];
      }
    store_floats(y.at((std::ptrdiff_t(image) * rows + i) * columns + at.column) + at.channel, top);
  }
};

template <class T, int N, int Window>
struct max_pool_backward {
  static constexpr int threads = row_threads;
  shape x_size;
  int window;
  pixels<const T> x, dy;
  pixels<T> dx;
  writing how = writing::overwrite;

  /// Windows, the incomplete ones with them.
  struct grid blocks() const {
    return row_grid(std::ptrdiff_t(x_size.n) * ceil_div(x_size.h, window), int(ceil_div(x_size.w, window)), x_size.c, N);
  }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int size = Window ? Window : window, all_rows = (x_size.h + size - 1) / size, rows = x_size.h / size, columns = x_size.w / size;
    const int image = t.block().x / all_rows, i = t.block().x - image * all_rows;
    const row_piece at(t, x_size.c, N);
    const int j = at.column;
    if (j * size >= x_size.w) return;
    const auto first = (std::ptrdiff_t(image) * x_size.h + i * size) * x_size.w + j * size;
    if (i >= rows || j >= columns) {
      if (how == writing::overwrite) clear(first, x_size.h - i * size, x_size.w - j * size, size, at.channel);
      return;
    }
    const auto gradient = load_floats<N>(dy.at((std::ptrdiff_t(image) * rows + i) * columns + j) + at.channel);
    auto top = load_floats<N>(x.at(first) + at.channel);
    int best[N] = {};
    for (int u = 0; u < size; ++u)
      for (int v = 0; v < size; ++v) {
        const auto next = load_floats<N>(x.at(first + std::ptrdiff_t(u) * x_size.w + v) + at.channel);
        for (int k = 0; k < N; ++k) {
          const bool wins = beats(next.at[k], top.at[k]);
          top.at[k] = wins ? next.at[k] : top.at[k];
          best[k] = wins ? u * size + v : best[k];
        }
      }
    for (int u = 0; u < size; ++u)
      for (int v = 0; v < size; ++v) {
        floats<N> share;
        for (int k = 0; k < N; ++k) share.at[k] = best[k] == u * size + v ? gradient.at[k] : 0;
        store_floats(dx.at(first + std::ptrdiff_t(u) * x_size.w + v) + at.channel, share, how);
      }
  }

private:
  VISEME_DEVICE void clear(std::ptrdiff_t first, int rows, int columns, int size, int channel) const {
    for (int u = 0; u < size && u < rows; ++u)
      for (int v = 0; v < size && v < columns; ++v) store_floats(dx.at(first + std::ptrdiff_t(u) * x_size.w + v) + channel, floats<N>{});
  }
};

template <class T, int N>
struct average_pool {
  static constexpr int threads = 256, warps = threads / warp_size, channels = warp_size * N;
  struct shared {
    float sum[warps][channels];
  };
  shape x_size;
  size2 window;
  pixels<const T> x;
  pixels<T> y;

  struct grid blocks() const {
    return {x_size.n * (x_size.h / window.h) * (x_size.w / window.w), int(ceil_div(std::size_t(x_size.c), channels))};
  }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int columns = x_size.w / window.w, rows = x_size.h / window.h;
    const int row = t.block().x / columns, j = t.block().x - row * columns, image = row / rows, i = row - image * rows;
    const int channel = t.block().y * channels + t.lane() * N;
    const auto first = (std::ptrdiff_t(image) * x_size.h + i * window.h) * x_size.w + j * window.w;
    floats<N> total{};
    if (channel < x_size.c)
      for (int u = t.warp(); u < window.h; u += warps) {
        const auto of_row = sum_row(x.at(first + std::ptrdiff_t(u) * x_size.w) + channel);
        for (int k = 0; k < N; ++k) total.at[k] += of_row.at[k];
      }
    for (int k = 0; k < N; ++k) s.sum[t.warp()][t.lane() * N + k] = total.at[k];
    t.sync();
    const float area = float(window.h) * float(window.w);
    for (int c = t.thread(); c < channels && t.block().y * channels + c < x_size.c; c += threads) {
      float sum = 0;
      for (int w = 0; w < warps; ++w) sum += s.sum[w][c];
      y.at(t.block().x)[t.block().y * channels + c] = T(sum / area);
    }
  }

private:
  /// Four pixels are on their way at a time.
  VISEME_DEVICE floats<N> sum_row(const T* from) const {
    floats<N> part[4] = {};
    int v = 0;
    for (; v + 4 <= window.w; v += 4)
      for (int q = 0; q < 4; ++q) add(part[q], from + (v + q) * x.stride);
    for (; v < window.w; ++v) add(part[0], from + v * x.stride);
    for (int k = 0; k < N; ++k) part[0].at[k] = (part[0].at[k] + part[1].at[k]) + (part[2].at[k] + part[3].at[k]);
    return part[0];
  }
  VISEME_DEVICE static void add(floats<N>& sum, const T* from) {
    const auto v = load_floats<N>(from);
    for (int k = 0; k < N; ++k) sum.at[k] += v.at[k];
  }
};

template <class T, int N>
struct average_pool_backward {
  static constexpr int threads = row_threads;
  shape x_size;
  size2 window;
  pixels<const T> dy;
  pixels<T> dx;
  writing how = writing::overwrite;

  struct grid blocks() const { return row_grid(std::ptrdiff_t(x_size.n) * x_size.h, x_size.w, x_size.c, N); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int image = t.block().x / x_size.h, h = t.block().x - image * x_size.h, rows = x_size.h / window.h, columns = x_size.w / window.w;
    const row_piece at(t, x_size.c, N);
    if (at.column >= x_size.w) return;
    const int i = h / window.h, j = at.column / window.w;
    floats<N> share{};
    if (i < rows && j < columns) {
      share = load_floats<N>(dy.at((std::ptrdiff_t(image) * rows + i) * columns + j) + at.channel);
      const float area = float(window.h) * float(window.w);
      for (int k = 0; k < N; ++k) share.at[k] /= area;
    }
    store_floats(dx.at(std::ptrdiff_t(t.block().x) * x_size.w + at.column) + at.channel, share, how);
  }
};

}  // namespace viseme::simt
