// The product of dense_product.hpp on tensor cores: T is bf16 or fp16, depths and strides are multiples of 8.
//     y[r, o] = epilogue(upsampled[r, o] + sum over taps t and channels c of x[source(r, t), c] w[t, o, first + c]), sums in float
// Tiling: a block of 8 warps owns 128 rows x 64 columns, a warp 32 x 32 of them as 2 x 4 products of 16 x 8. 32 numbers of the sum at a
// time go through shared memory, copied asynchronously 16 bytes a thread and access, so that two such stages are on their way while a third
// is multiplied; one barrier a stage. Rows of shared memory are 40 numbers apart: the eight rows and four columns of a fragment's words
// fall into 32 different banks.
#pragma once

#include <kernels/simt/dense_product.hpp>
#include <viseme/core/types.hpp>

namespace viseme::simt {

template <class T>
struct dense_product_mma {
  static constexpr int threads = 256, tile_rows = 128, tile_columns = 64, step = 32, pitch = step + 8, vector = 8, stages = 3;
  struct stage {
    T x[tile_rows][pitch], w[tile_columns][pitch];
  };
  struct alignas(16) shared {
    stage at[stages];
  };
  dense_arguments<T> a;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const auto first_row = std::ptrdiff_t(t.block().x) * tile_rows;
    const int first_column = t.block().y * tile_columns, down = t.warp() / 2 * 32, across = t.warp() % 2 * 32;
    const int chunks_a_tap = (a.depth + step - 1) / step, chunks = a.gather.taps() * chunks_a_tap;
    const int share = a.chunk(chunks), first = t.block().z * share, last = first + share < chunks ? first + share : chunks;

    loader from(a, t.thread(), first_row, first_column, first, chunks_a_tap);
    const auto fetch = [&](int chunk, int slot) {
      if (chunk < last) from.copy(t, a, s.at[slot]);
      t.commit_copies();
    };
    fragment_c sum[2][4] = {};
    unrolled<stages - 1>([&](auto i) { fetch(first + i, i); });
    for (int i = first, slot = 0; i < last; ++i) {
      t.template wait_copies<stages - 2>();
      t.sync();
      fetch(i + stages - 1, slot ? slot - 1 : stages - 1);  // the one multiplied last
      for (int k = 0; k < step; k += 16) multiply(t, s.at[slot], down, across, k, sum);
      slot = slot + 1 < stages ? slot + 1 : 0;
    }
    const int g = t.lane() / 4, q = t.lane() % 4;
    unrolled<2>([&](auto m) {
      unrolled<2>([&](auto half) {
        const auto row = first_row + down + 16 * m + g + 8 * half;
        const auto under = a.below_row(row);
        unrolled<4>([&](auto n) {
          a.finish(row, under, first_column + across + 8 * n + 2 * q, floats<2>{sum[m][n].at[2 * half], sum[m][n].at[2 * half + 1]},
                   t.block().z);
        });
      });
    });
  }

private:
  /// What a thread copies of each stage: 8 channels of two rows of x and of one of w, chunk after chunk of the sum.
  struct loader {
    int line, offset, column, kh, kw, channel;
    bool has_row[2];
    row_place place[2];

    VISEME_DEVICE loader(const dense_arguments<T>& a, int thread, std::ptrdiff_t first_row, int first_column, int chunk, int chunks_a_tap)
        : line(thread / 4), offset(thread % 4 * vector), column(first_column + line) {
      const int tap = chunk / chunks_a_tap;
      kh = tap / a.gather.kernel.w;
      kw = tap - kh * a.gather.kernel.w;
      channel = (chunk - tap * chunks_a_tap) * step + offset;
      unrolled<2>([&](auto k) {
        const auto row = first_row + line + 64 * k;
        has_row[k] = row < a.rows;
        place[k] = has_row[k] ? row_place::of(a.gather, row) : row_place{};
      });
    }

    /// The next chunk.
    template <class Thread>
    VISEME_DEVICE void copy(const Thread& t, const dense_arguments<T>& a, stage& to) {
      const bool inside = channel < a.depth;
      unrolled<2>([&](auto k) {
        const auto pixel = inside && has_row[k] ? place[k].source(a.gather, kh, kw) : -1;
        t.copy_async(&to.x[line + 64 * k][offset], pixel >= 0 ? a.x.at(pixel) + channel : a.x.data, pixel >= 0);
      });
      const bool weights = inside && column < a.columns;
      t.copy_async(&to.w[line][offset], weights ? a.weights_of(kh * a.gather.kernel.w + kw, column) + channel : a.weights, weights);
      channel += step;
      if (channel - offset < a.depth) return;
      channel = offset;
      if (++kw < a.gather.kernel.w) return;
      kw = 0;
      ++kh;
    }
  };

  template <class Thread>
  VISEME_DEVICE void multiply(const Thread& t, const stage& s, int down, int across, int k, fragment_c (&sum)[2][4]) const {
    const int g = t.lane() / 4, q = t.lane() % 4;
    const auto word = [](const T* at) { return *reinterpret_cast<const std::uint32_t*>(at); };
    fragment_a fa[2];
    unrolled<2>([&](auto m) {
      for (int i = 0; i < 4; ++i) fa[m].word[i] = word(&s.x[down + 16 * m + g + i % 2 * 8][k + 2 * q + i / 2 * 8]);
    });
    unrolled<4>([&](auto n) {
      fragment_b fb;
      for (int i = 0; i < 2; ++i) fb.word[i] = word(&s.w[across + 8 * n + g][k + 2 * q + 8 * i]);
      unrolled<2>([&](auto m) { t.mma(sum[m][n], fa[m], fb, T{}); });
    });
  }
};

}  // namespace viseme::simt
