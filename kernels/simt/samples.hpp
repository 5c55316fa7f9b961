// A block for each sample of channels-last pixels (N x area, C): how its threads share the sample's numbers, without a division.
//     column = thread % columns: vectors column, column + columns, ...      row = thread / columns: pixels row, row + rows, ...
// For embeddings, a few thousand numbers a sample: they are read again from the cache where a kernel needs two passes.
#pragma once

#include <kernels/simt/vectors.hpp>

namespace viseme::simt {

struct samples {
  static constexpr int threads = 256;

  int area = 0;     // pixels of a sample
  int vectors = 0;  // a pixel's channels / N
  int column_bits = 0;

  static samples of(int area, int vectors) {
    samples s{area, vectors};
    while ((1 << s.column_bits) < threads && (1 << s.column_bits) < vectors) ++s.column_bits;
    return s;
  }

  /// f(pixel, channel) for the thread's vectors of its block's sample.
  template <int N, class Thread, class F>
  VISEME_DEVICE void each(const Thread& t, const F& f) const {
    const int columns = 1 << column_bits;
    const std::ptrdiff_t first = std::ptrdiff_t(t.block().x) * area;
    for (int pixel = t.thread() >> column_bits; pixel < area; pixel += threads >> column_bits)
      for (int vector = t.thread() & (columns - 1); vector < vectors; vector += columns) f(first + pixel, vector * N);
  }
};

/// Sum of a[i] b[i] over N channels of a pixel.
template <int N, class T>
VISEME_DEVICE float dot(const pixels<const T>& a, const pixels<const T>& b, std::ptrdiff_t pixel, int channel) {
  const auto u = load_floats<N>(a.at(pixel) + channel), v = load_floats<N>(b.at(pixel) + channel);
  float sum = 0;
  unrolled<N>([&](auto i) { sum += u.at[i] * v.at[i]; });
  return sum;
}

}  // namespace viseme::simt
