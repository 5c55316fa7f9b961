// The 1x1 products of dense_product.hpp on Hopper's tensor cores: T is bf16 or fp16; channels, strides and addresses of all tensors are
// multiples of 16 bytes.
//     y[r, o] = epilogue(upsampled[r, o] + sum over channels c of x[r, c] w[o, first + c]), sums in float
// Tiling: blocks stay and take tile after tile of 128 rows x `Columns` columns; two warpgroups own 64 rows each, sums in registers. One
// thread of a further warp has the copy engine fill a ring of stages, 64 channels of x and w each, and runs ahead of the products, over the
// ends of tiles too: while one tile is finished, the next is on its way. Neighbouring tiles differ in their columns, so that x comes from
// memory once and then from the L2 cache. Lanes of four exchange sums before the epilogue: a lane reads and writes 8 channels at a time,
// four lanes 64 bytes of a row.
#pragma once

#include <kernels/simt/dense_product.hpp>
#include <kernels/simt/hopper.hpp>

namespace viseme::simt {

template <class T, int Columns>
struct dense_product_wgmma {
  static constexpr int tile_rows = 128, tile_columns = Columns, step = tiled_matrix::tile_columns, vector = 8;
  static constexpr int consumers = tile_rows / 64 * warpgroup_size, threads = consumers + warp_size,
                       blocks_a_multiprocessor = 128 / Columns;
  struct alignas(1024) stage {
    T x[tile_rows][step], w[tile_columns][step];
  };
  static constexpr int stages = int((192 << 10) / sizeof(stage)) / blocks_a_multiprocessor;
  struct shared {
    stage at[stages];
    barrier full[stages], empty[stages];
  };
  dense_arguments<T> a;  // each of its splits has chunks
  tile_map x, w;
  int row_tiles = int(ceil_div(std::size_t(a.rows), tile_rows)), column_tiles = int(ceil_div(std::size_t(a.columns), tile_columns));
  int chunks = int(ceil_div(std::size_t(a.depth), step)), tiles = row_tiles * column_tiles * a.splits;

  static tiled_matrix matrix_x(const dense_arguments<T>& a) {
    return {a.x.data, a.depth, a.rows, a.x.stride * std::ptrdiff_t(sizeof(T)), tile_rows};
  }
  static tiled_matrix matrix_w(const dense_arguments<T>& a) {
    return {a.weights + a.first_depth, a.depth, a.columns, a.of_depth * std::ptrdiff_t(sizeof(T)), tile_columns};
  }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    if (t.thread() == 0)
      for (int i = 0; i < stages; ++i) {
        t.start(s.full[i], 1);
        t.start(s.empty[i], consumers / warp_size);
      }
    t.sync();
    if (t.thread() < consumers)
      consume(t, s);
    else if (t.lane() == 0)
      produce(t, s);
  }

private:
  using ring = ring_place<stages>;

  /// Columns fastest, then rows, then the parts of a sum.
  struct tile {
    std::ptrdiff_t row;
    int column, split, first, last;  // chunks of the sum
  };
  template <class Thread, class F>
  VISEME_DEVICE void for_each_tile(const Thread& t, F&& f) const {
    for (int i = t.block().x; i < tiles; i += t.blocks().x) {
      const int line = i / column_tiles, split = line / row_tiles, first = split * a.chunk(chunks), last = first + a.chunk(chunks);
      f(tile{std::ptrdiff_t(line - split * row_tiles) * tile_rows, (i - line * column_tiles) * tile_columns, split, first,
             last < chunks ? last : chunks});
    }
  }

  template <class Thread>
  VISEME_DEVICE void produce(const Thread& t, shared& s) const {
    ring at;
    for_each_tile(t, [&](const tile& own) {
      for (int chunk = own.first; chunk < own.last; ++chunk, at.next()) {
        t.wait(s.empty[at.slot], at.parity ^ 1);
        t.expect(s.full[at.slot], sizeof(stage));
        t.copy_tile(s.at[at.slot].x, x, chunk * step, int(own.row), s.full[at.slot]);
        t.copy_tile(s.at[at.slot].w, w, chunk * step, own.column, s.full[at.slot]);
      }
    });
  }

  /// A stage is given back when the products behind it are under way: the tensor cores never wait for new ones.
  template <class Thread>
  VISEME_DEVICE void consume(const Thread& t, shared& s) const {
    const int group_row = t.thread() / warpgroup_size * 64;
    const auto give_back = [&](int slot) {
      if (t.lane() == 0) t.arrive(s.empty[slot]);
    };
    ring at;
    for_each_tile(t, [&](const tile& own) {
      warpgroup_sums<Columns> sum;
      int before = 0;
      for (int chunk = own.first; chunk < own.last; ++chunk, at.next()) {
        t.wait(s.full[at.slot], at.parity);
        const auto xs = t.operand(s.at[at.slot].x[group_row]), ws = t.operand(s.at[at.slot].w[0]);
        t.begin_products();
        unrolled<step / 16>([&](auto k) { t.multiply(sum, xs + 2 * k, ws + 2 * k, T{}, k || chunk > own.first); });
        t.end_products();
        t.template wait_products<1>();
        if (chunk > own.first) give_back(before);
        before = at.slot;
      }
      t.template wait_products<0>();
      give_back(before);
      finish(t, own, group_row, sum);
    });
  }

  template <class Thread>
  VISEME_DEVICE void finish(const Thread& t, const tile& own, int group_row, const warpgroup_sums<Columns>& sum) const {
    const int g = t.lane() / 4, q = t.lane() % 4;
    unrolled<2>([&](auto half) {
      const auto row = own.row + group_row + t.warp() % 4 * 16 + g + 8 * half;
      const auto under = a.below_row(row);
      unrolled<Columns / 32>([&](auto n) {
        const int column = own.column + 32 * n + 8 * q;
        const auto f = neighbours<n, half>(t, sum);
        if (row >= a.rows || column >= a.columns) return;
        if (a.splits == 1)
          a.complete(row, under, column, f);
        else
          store_floats(a.parts + (own.split * a.rows + row) * a.columns + column, f);
      });
    });
  }

  /// Columns 32 N + 8 q .. of a row, which four lanes have in pairs: a transposition of 4 x 4 pairs.
  template <int N, int Half, class Thread>
  VISEME_DEVICE floats<8> neighbours(const Thread& t, const warpgroup_sums<Columns>& sum) const {
    floats<8> f;
    unrolled<4>([&](auto j) {
      for (int k = 0; k < 2; ++k) f.at[2 * j + k] = sum.at[16 * N + 4 * j + 2 * Half + k];
    });
    unrolled<2>([&](auto bit) {
      constexpr int mask = 1 << bit;
      const bool upper = t.lane() & mask;
      unrolled<2>([&](auto pair) {
        constexpr int first = mask == 1 ? 2 * pair : int(pair), second = first + mask;
        for (int k = 0; k < 2; ++k) {
          float &low = f.at[2 * first + k], &high = f.at[2 * second + k];
          const float other = t.shuffle_xor(upper ? low : high, mask);
          low = upper ? other : low;
          high = upper ? high : other;
        }
      });
    });
    return f;
  }
};

}  // namespace viseme::simt
