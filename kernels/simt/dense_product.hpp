// Dense convolution as a matrix product, any kernel, stride and padding; a 1x1 one is the product itself.
//     y[r, o] = epilogue(upsampled[r, o] + sum over taps t and channels c of x[source(r, t), c] w[t, o, first + c])
// x (pixels, depth) and y (rows, columns) channels last, w (taps, columns, all channels) of T, of which `depth` are used, sums in float.
// Backward to the data is the same product with a transposed window and w (taps, channels, filters). upsampled (rows / 4, columns), where
// there is one, is a product of half the height and width, read in place.
// Tiling: a block owns 64 rows x 64 columns, a thread 4 x 4 of them; 16 numbers of the sum at a time go through shared memory while the
// next 16 travel to registers. Sums of 128 are added up last, which keeps roundings few. `splits` blocks share one tile's sum over taps x
// depth where there are few tiles; finish_product adds their parts in order. Narrow inputs (1, 3, 6 channels) run over taps and channels as
// one axis, so that no multiplication is by padding.
// Not for 16-bit T with depths of whole vectors: dense_product_mma.hpp has tensor cores.
#pragma once

#include <kernels/simt/upsampled.hpp>
#include <kernels/simt/window.hpp>

namespace viseme::simt {

/// What every dense product is given.
template <class T>
struct dense_arguments {
  window gather;
  std::ptrdiff_t rows = 0;
  int depth = 0, columns = 0;
  int first_depth = 0, of_depth = 0;  // where x's channels begin among the weights', and how many these are
  pixels<const T> x;
  const T* weights = nullptr;
  pixels<T> y;
  upsampled<T> below;
  epilogue<T> after;
  writing how = writing::overwrite;
  bool y_in_vectors = false;  // as many as a kernel finishes at a time
  float* parts = nullptr;     // (splits, rows, columns) where splits > 1
  int splits = 1;

  VISEME_DEVICE int chunk(int chunks) const { return (chunks + splits - 1) / splits; }
  VISEME_DEVICE const T* weights_of(int tap, int column) const {
    return weights + (std::ptrdiff_t(tap) * columns + column) * of_depth + first_depth;
  }

  VISEME_DEVICE upsampled_pixel<T> below_row(std::ptrdiff_t row) const {
    return below && row < rows ? below.pixel(row) : upsampled_pixel<T>{};
  }
  /// Neighbouring columns of a row, all their sums known or a part of them.
  template <int N>
  VISEME_DEVICE void finish(std::ptrdiff_t row, const upsampled_pixel<T>& under, int column, const floats<N>& sum, int split) const {
    if (row >= rows || column >= columns) return;
    if (splits == 1 && y_in_vectors) return complete(row, under, column, sum);
    for (int j = 0; j < N; ++j) {
      if (column + j >= columns) return;
      if (splits > 1) parts[(std::ptrdiff_t(split) * rows + row) * columns + column + j] = sum.at[j];
      else complete(row, under, column + j, floats<1>{sum.at[j]});
    }
  }
  template <int N>
  VISEME_DEVICE void complete(std::ptrdiff_t row, const upsampled_pixel<T>& under, int column, floats<N> sum) const {
    if (below) sum += under.template at<N>(column);
    for (int j = 0; after.bias && j < N; ++j) sum.at[j] += after.bias[column + j];
    if (after.residual) sum += load_floats<N>(after.residual.at(row) + column);
    activate_all(sum, after.act, after.slope);
    store_floats(y.at(row) + column, sum, how);
  }
};

template <class T, bool Narrow>
struct dense_product {
  static constexpr int threads = 256, tile = 64, step = 16, steps_a_part = 8;
  struct shared {
    float x[step][tile + 4], w[step][tile + 4];
  };
  dense_arguments<T> a;
  bool vectors;  // four neighbours of x's and w's channels are one access

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int line = t.thread() / 4, quad = t.thread() % 4 * 4;  // what a thread loads: four numbers of a row and of a column
    const int down = t.thread() / 16 * 4, across = t.thread() % 16 * 4;
    const auto row = std::ptrdiff_t(t.block().x) * tile + line;
    const int column = t.block().y * tile + line;
    const auto place = row < a.rows ? row_place::of(a.gather, row) : row_place{};
    const int taps = a.gather.taps(), chunks_a_tap = Narrow ? 1 : (a.depth + step - 1) / step;
    const int chunks = Narrow ? (taps * a.depth + step - 1) / step : taps * chunks_a_tap;
    const int share = a.chunk(chunks), first = t.block().z * share, last = first + share < chunks ? first + share : chunks;

    floats<4> total[4] = {}, part[4] = {};
    float x[4] = {}, w[4] = {};
    if (first < last) fetch(place, row < a.rows, column, first, chunks_a_tap, quad, x, w);
    for (int i = first, inside = 1; i < last; ++i, ++inside) {
      for (int k = 0; k < 4; ++k) s.x[quad + k][line] = x[k], s.w[quad + k][line] = w[k];
      t.sync();
      if (i + 1 < last) fetch(place, row < a.rows, column, i + 1, chunks_a_tap, quad, x, w);
      for (int k = 0; k < step; ++k) {
        const auto xs = load<float, 4>(&s.x[k][down]), ws = load<float, 4>(&s.w[k][across]);
        for (int r = 0; r < 4; ++r)
          for (int c = 0; c < 4; ++c) part[r].at[c] += xs.at[r] * ws.at[c];
      }
      if (inside == steps_a_part || i + 1 == last) {
        for (int r = 0; r < 4; ++r) total[r] += part[r], part[r] = {};
        inside = 0;
      }
      t.sync();
    }
    unrolled<4>([&](auto r) {
      const auto own = std::ptrdiff_t(t.block().x) * tile + down + r;
      a.finish(own, a.below_row(own), t.block().y * tile + across, total[r], t.block().z);
    });
  }

private:
  /// Numbers quad .. quad + 3 of chunk `i` of the sum, of one row and of one column.
  VISEME_DEVICE void fetch(const row_place& place, bool has_row, int column, int i, int chunks_a_tap, int quad, float (&x)[4],
                           float (&w)[4]) const {
    for (int k = 0; k < 4; ++k) x[k] = w[k] = 0;
    if constexpr (Narrow) {
      for (int k = 0; k < 4; ++k) {
        const int at = i * step + quad + k, tap = at / a.depth, channel = at - tap * a.depth;
        if (tap >= a.gather.taps()) return;
        const auto from = has_row ? place.source(a.gather, tap / a.gather.kernel.w, tap % a.gather.kernel.w) : -1;
        if (from >= 0) x[k] = float(a.x.at(from)[channel]);
        if (column < a.columns) w[k] = float(a.weights_of(tap, column)[channel]);
      }
    } else {
      const int tap = i / chunks_a_tap, channel = (i - tap * chunks_a_tap) * step + quad;
      const auto from = has_row ? place.source(a.gather, tap / a.gather.kernel.w, tap % a.gather.kernel.w) : -1;
      if (from >= 0) four(a.x.at(from), channel, x);
      if (column < a.columns) four(a.weights_of(tap, column), channel, w);
    }
  }
  VISEME_DEVICE void four(const T* from, int channel, float (&to)[4]) const {
    if (vectors && channel < a.depth) {
      const auto v = load<T, 4>(from + channel);
      for (int k = 0; k < 4; ++k) to[k] = float(v.at[k]);
    } else {
      for (int k = 0; k < 4; ++k)
        if (channel + k < a.depth) to[k] = float(from[channel + k]);
    }
  }
};

/// y = epilogue(the sum of a product's parts, in order).
template <class T>
struct finish_product {
  static constexpr int threads = 256;
  dense_arguments<T> a;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = std::ptrdiff_t(t.block().x) * threads + t.thread(), count = a.rows * a.columns;
    if (i >= count) return;
    float sum = 0;
    for (int s = 0; s < a.splits; ++s) sum += a.parts[s * count + i];
    const auto row = i / a.columns;
    const int column = int(i - row * a.columns);
    a.complete(row, a.below_row(row), column, floats<1>{sum});
  }
};

}  // namespace viseme::simt
