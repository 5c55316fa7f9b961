// weight_gradient.hpp's parts on tensor cores: T is bf16 or fp16, depth and filters are multiples of 8.
//     parts[s, o, (t, c)] = sum over the rows r of range s of dy[r, o] x[source(r, t), c], sums in float
// Tiling: a block of 8 warps owns 64 filters x 64 of the taps x depth columns, a warp 32 x 16 of them as 2 x 2 products of 16 x 8, and one
// of `splits` ranges of rows. 32 rows at a time go through shared memory in three stages, as in dense_product_mma.hpp: copied as they lie,
// channels last. Rows of a picture are the depth of this product, so fragments are read transposed; rows 72 numbers apart put the eight of
// a matrix into 32 different banks.
#pragma once

#include <kernels/simt/pixels.hpp>
#include <kernels/simt/window.hpp>
#include <viseme/core/types.hpp>

namespace viseme::simt {

template <class T>
struct weight_gradient_mma {
  static constexpr int threads = 256, tile = 64, step = 32, pitch = tile + 8, vector = 8, stages = 3;
  struct stage {
    T dy[step][pitch], x[step][pitch];
  };
  struct alignas(16) shared {
    stage at[stages];
  };
  window gather;  // rows are dy's pixels
  std::ptrdiff_t rows;
  int depth, filters, splits;
  pixels<const T> x, dy;
  float* parts;  // (splits, filters, taps x depth)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    // What a thread copies of each stage: 8 numbers of a row of dy and of x.
    const int line = t.thread() / 8, offset = t.thread() % 8 * vector;
    const int columns = gather.taps() * depth, filter = t.block().x * tile + offset, column = t.block().y * tile + offset;
    const int tap = column / depth, channel = column - tap * depth, kh = tap / gather.kernel.w, kw = tap - kh * gather.kernel.w;
    const auto share = (rows + splits - 1) / splits, first = t.block().z * share, last = first + share < rows ? first + share : rows;

    row_walk place(gather, first + line, step);
    auto next = first + line;
    const auto fetch = [&](int slot) {
      if (next - line < last) {
        const bool is_row = next < last, has_dy = is_row && filter < filters;
        const auto pixel = is_row && column < columns ? place.source(gather, kh, kw) : -1;
        t.copy_async(&s.at[slot].dy[line][offset], has_dy ? dy.at(next) + filter : dy.data, has_dy);
        t.copy_async(&s.at[slot].x[line][offset], pixel >= 0 ? x.at(pixel) + channel : x.data, pixel >= 0);
        place.advance(gather);
        next += step;
      }
      t.commit_copies();
    };
    const int down = t.warp() / 4 * 32, across = t.warp() % 4 * 16;
    fragment_c sum[2][2] = {};
    unrolled<stages - 1>([&](auto i) { fetch(i); });
    int slot = 0;
    for (auto row = first; row < last; row += step) {
      t.template wait_copies<stages - 2>();
      t.sync();
      fetch(slot ? slot - 1 : stages - 1);  // the one multiplied last
      for (int k = 0; k < step; k += 16) multiply(t, s.at[slot], down, across, k, sum);
      slot = slot + 1 < stages ? slot + 1 : 0;
    }
    const int g = t.lane() / 4, q = t.lane() % 4;
    unrolled<2>([&](auto m) {
      unrolled<2>([&](auto n) {
        unrolled<2>([&](auto half) {
          const int o = t.block().x * tile + down + 16 * m + g + 8 * half, at = t.block().y * tile + across + 8 * n + 2 * q;
          if (o < filters && at < columns)
            store(parts + (std::ptrdiff_t(t.block().z) * filters + o) * columns + at,
                  aligned<float, 2>{sum[m][n].at[2 * half], sum[m][n].at[2 * half + 1]});
        });
      });
    });
  }

private:
  template <class Thread>
  VISEME_DEVICE void multiply(const Thread& t, const stage& s, int down, int across, int k, fragment_c (&sum)[2][2]) const {
    // Matrices of a fragment: rows k .. k + 7 in the first two for filters, in every other one for columns.
    const int row = t.lane() % 8, matrix = t.lane() / 8;
    const auto b = t.load_transposed(&s.x[k + row + matrix % 2 * 8][across + matrix / 2 * 8]);
    unrolled<2>([&](auto m) {
      const auto a = t.load_transposed(&s.dy[k + row + matrix / 2 * 8][down + 16 * m + matrix % 2 * 8]);
      unrolled<2>([&](auto n) { t.mma(sum[m][n], a, fragment_b{{b.word[2 * n], b.word[2 * n + 1]}}, T{}); });
    });
  }
};

}  // namespace viseme::simt
