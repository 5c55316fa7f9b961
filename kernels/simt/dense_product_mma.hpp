// The product of dense_product.hpp on tensor cores: T is bf16 or fp16, depths and strides are multiples of 8.
//     y[r, o] = epilogue(sum over taps t and channels c of x[source(r, t), c] w[t, o, c]), sums in float
// Tiling: a block of 8 warps owns 128 rows x 64 columns, a warp 32 x 32 of them as 2 x 4 products of 16 x 8; 32 numbers of the sum at a time go
// through shared memory, 16 bytes a thread and access, the next 32 on their way to registers meanwhile. Rows of shared memory are 40 numbers
// apart: the eight rows and four columns of a fragment's words fall into 32 different banks.
#pragma once

#include <kernels/simt/dense_product.hpp>
#include <viseme/core/types.hpp>

namespace viseme::simt {

template <class T>
struct dense_product_mma {
  static constexpr int threads = 256, tile_rows = 128, tile_columns = 64, step = 32, pitch = step + 8, vector = 8;
  struct shared {
    T x[tile_rows][pitch], w[tile_columns][pitch];
  };
  dense_arguments<T> a;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int line = t.thread() / 4, offset = t.thread() % 4 * vector;
    const auto first_row = std::ptrdiff_t(t.block().x) * tile_rows;
    const int first_column = t.block().y * tile_columns;
    const std::ptrdiff_t row[2] = {first_row + line, first_row + line + 64};
    const row_place place[2] = {row[0] < a.rows ? row_place::of(a.gather, row[0]) : row_place{}, row[1] < a.rows ? row_place::of(a.gather, row[1]) : row_place{}};
    const int chunks_a_tap = (a.depth + step - 1) / step, chunks = a.gather.taps() * chunks_a_tap;
    const int share = a.chunk(chunks), first = t.block().z * share, last = first + share < chunks ? first + share : chunks;
    const int down = t.warp() / 2 * 32, across = t.warp() % 2 * 32;

    aligned<T, vector> x[2], w;
    const auto fetch = [&](int i) {
      const int tap = i / chunks_a_tap, channel = (i - tap * chunks_a_tap) * step + offset;
      const int kh = tap / a.gather.kernel.w, kw = tap - kh * a.gather.kernel.w;
      for (int k = 0; k < 2; ++k) {
        const auto from = row[k] < a.rows && channel < a.depth ? place[k].source(a.gather, kh, kw) : -1;
        x[k] = from >= 0 ? load<T, vector>(a.x.at(from) + channel) : aligned<T, vector>{};
      }
      const int column = first_column + line;
      w = column < a.columns && channel < a.depth ? load<T, vector>(a.weights + (std::ptrdiff_t(tap) * a.columns + column) * a.depth + channel)
                                                  : aligned<T, vector>{};
    };
    fragment_c sum[2][4] = {};
    if (first < last) fetch(first);
    for (int i = first; i < last; ++i) {
      store(&s.x[line][offset], x[0]);
      store(&s.x[line + 64][offset], x[1]);
      store(&s.w[line][offset], w);
      t.sync();
      if (i + 1 < last) fetch(i + 1);
      for (int k = 0; k < step; k += 16) multiply(t, s, down, across, k, sum);
      t.sync();
    }
    const int g = t.lane() / 4, q = t.lane() % 4;
    unrolled<2>([&](auto m) {
      unrolled<4>([&](auto n) {
        unrolled<2>([&](auto half) {
          finish(first_row + down + 16 * m + g + 8 * half, first_column + across + 8 * n + 2 * q, sum[m][n].at[2 * half], sum[m][n].at[2 * half + 1], t.block().z);
        });
      });
    });
  }

private:
  template <class Thread>
  VISEME_DEVICE void multiply(const Thread& t, const shared& s, int down, int across, int k, fragment_c (&sum)[2][4]) const {
    const int g = t.lane() / 4, q = t.lane() % 4;
    const auto word = [](const T* at) { return *reinterpret_cast<const std::uint32_t*>(at); };
    fragment_a fa[2];
    for (int m = 0; m < 2; ++m)
      for (int i = 0; i < 4; ++i) fa[m].word[i] = word(&s.x[down + 16 * m + g + i % 2 * 8][k + 2 * q + i / 2 * 8]);
    for (int n = 0; n < 4; ++n) {
      fragment_b fb;
      for (int i = 0; i < 2; ++i) fb.word[i] = word(&s.w[across + 8 * n + g][k + 2 * q + 8 * i]);
      for (int m = 0; m < 2; ++m) t.mma(sum[m][n], fa[m], fb, T{});
    }
  }

  VISEME_DEVICE void finish(std::ptrdiff_t row, int column, float low, float high, int split) const {
    if (row >= a.rows) return;
    const float sum[2] = {low, high};
    for (int j = 0; j < 2; ++j) {
      if (column + j >= a.columns) return;
      if (a.splits > 1) a.parts[(std::ptrdiff_t(split) * a.rows + row) * a.columns + column + j] = sum[j];
      else put(a.y.at(row)[column + j], a.after(sum[j], row, column + j), a.how);
    }
  }
};

}  // namespace viseme::simt
