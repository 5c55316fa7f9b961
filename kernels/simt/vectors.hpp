// Neighbouring channels as one access: N numbers of T in memory are N floats in registers. And how kernels that work on rows of pixels
// share them out: rows along the grid's x, columns x vectors of channels along its y, channels fastest, one integer division a thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include <kernels/simt/pixels.hpp>
#include <viseme/core/types.hpp>

namespace viseme::simt {

template <int N>
struct floats {
  float at[N];

  VISEME_DEVICE void operator+=(const floats& other) {
    unrolled<N>([&](auto k) { at[k] += other.at[k]; });
  }
};

template <int N, class T>
VISEME_DEVICE floats<N> load_floats(const T* from) {
  const auto v = load<T, N>(from);
  floats<N> f;
  unrolled<N>([&](auto k) { f.at[k] = float(v.at[k]); });
  return f;
}
template <int N, class T>
VISEME_DEVICE void store_floats(T* to, const floats<N>& f, writing how = writing::overwrite) {
  floats<N> sum = f;
  if (how == writing::accumulate) {
    const auto before = load_floats<N>(to);
    for (int k = 0; k < N; ++k) sum.at[k] += before.at[k];
  }
  aligned<T, N> v;
  unrolled<N>([&](auto k) { v.at[k] = T(sum.at[k]); });
  store(to, v);
}

/// Numbers of T that 16 bytes hold.
template <class T>
inline constexpr int widest = int(16 / sizeof(T));

/// Whether every pixel's channels are whole aligned vectors of N.
template <int N, class T>
bool in_vectors(int channels, std::initializer_list<pixels<const T>> operands) {
  bool whole = channels % N == 0;
  for (const auto& p : operands) whole = whole && p.stride % N == 0 && reinterpret_cast<std::uintptr_t>(p.data) % (N * sizeof(T)) == 0;
  return whole;
}

/// f(std::integral_constant<int, N>) where all operands allow it, else f of 1.
template <class T, int N = widest<T>, class F>
void with_vectors(int channels, std::initializer_list<pixels<const T>> operands, F&& f) {
  if (in_vectors<N, T>(channels, operands)) f(std::integral_constant<int, N>{});
  else f(std::integral_constant<int, 1>{});
}

/// Activations of neighbours: one decision for all.
template <int N>
VISEME_DEVICE void activate_all(floats<N>& f, activation a, float slope) {
  if (a == activation::none) return;
  if (a == activation::relu) {
    for (int k = 0; k < N; ++k) f.at[k] = activate(activation::relu, 0, f.at[k]);
  } else {
    for (int k = 0; k < N; ++k) f.at[k] = activate(a, slope, f.at[k]);
  }
}

inline constexpr int row_threads = 256;

/// For `columns` pieces of `rows` rows; y takes rows of up to 65535 blocks.
inline grid row_grid(std::ptrdiff_t rows, int columns, int channels, int vector, int threads = row_threads) {
  return {int(rows), int(ceil_div(std::size_t(columns) * (std::size_t(channels) / vector), threads))};
}

/// A thread's piece of its row and its first channel. `column` is beyond the row where there is nothing to do.
struct row_piece {
  int column, channel;

  template <class Thread>
  VISEME_DEVICE row_piece(const Thread& t, int channels, int vector, int threads = row_threads) {
    const int i = t.block().y * threads + t.thread(), vectors = channels / vector;
    column = i / vectors;
    channel = (i - column * vectors) * vector;
  }
};

}  // namespace viseme::simt
