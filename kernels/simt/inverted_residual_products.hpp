// The two 1x1 products inside of inverted_residual.hpp, on a tile in shared memory, 32 hidden channels at a time:
//     expand   hidden[p, j] = finish(sum over c of x[p, c] E[j, c] + e[j]), p of the tile and its border
//     project  sums[q, o] += sum over j of mixed[q, j] P[o, j]
// 16-bit T: fragments of 16 pixels x 8 columns, weights in the order in which lanes take them, one coalesced access a fragment. Expanding,
// a warp has every fourth 16 pixels and half of the 32 channels, eight at a time; projecting, 16 pixels and a share of the filters.
// Float: a thread has 4 neighbouring columns of every 32nd (expand) or 16th (project) pixel, weights (depth, columns).
#pragma once

#include <kernels/simt/vectors.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

inline constexpr int inverted_threads = 256, inverted_chunk = 32, inverted_most_channels = 64;

/// A product's depth and columns as its weights are stored: zeros behind.
template <class T>
VISEME_DEVICE constexpr int inverted_padded(int channels) {
  constexpr int to = is_half<T> ? 16 : 4;
  return (channels + to - 1) / to * to;
}
VISEME_DEVICE constexpr int inverted_hidden(int hidden) { return (hidden + inverted_chunk - 1) / inverted_chunk * inverted_chunk; }

/// The pixels of y that a block owns, and those of x under them.
template <class T, int Stride>
struct inverted_tile {
  static constexpr size2 out{8 / Stride, (is_half<T> ? 16 : 8) / Stride}, in{(out.h - 1) * Stride + 3, (out.w - 1) * Stride + 3};
  static constexpr int out_pixels = out.h * out.w, in_pixels = in.h * in.w;
};

/// The first product's weights, of which x's channels meet a slice: it begins at `weights`.
template <class T>
struct inverted_expand {
  int channels = 1;     // of x
  int of_channels = 1;  // of the whole weights, padded
  const T* weights = nullptr;
  const float* bias = nullptr;
};

/// Rows of x and mixed are padded so that a fragment's words lie in different banks. 48 KiB at most.
template <class T, int Stride>
struct alignas(16) inverted_shared {
  using tile = inverted_tile<T, Stride>;
  static constexpr int padding = is_half<T> ? 8 : 0;
  T x[tile::in_pixels][inverted_most_channels + (is_half<T> ? 8 : 4)];
  T mixed[tile::out_pixels][inverted_chunk + padding];
  T hidden[tile::in_pixels][inverted_chunk + padding / 2];
};
static_assert(sizeof(inverted_shared<bf16, 1>) <= 48 << 10 && sizeof(inverted_shared<float, 1>) <= 48 << 10);

/// Weights (columns, depth) times a factor by column, to what the products read: 16-bit T (columns / 8, depth / 16, lane, word, half),
/// float (depth, columns); both sizes padded.
template <class T>
struct inverted_weights {
  static constexpr int threads = 256;
  int columns, depth, padded_columns, padded_depth;
  const float *weight, *scale;
  T* to;

  struct grid blocks() const { return {int(ceil_div(std::size_t(padded_columns) * padded_depth, threads))}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int i = t.block().x * threads + t.thread();
    if (i >= padded_columns * padded_depth) return;
    int column = i % padded_columns, k = i / padded_columns;
    if constexpr (is_half<T>) {
      const int lane = i >> 2 & 31, tile = i >> 7, steps = padded_depth / 16;
      column = tile / steps * 8 + lane / 4;
      k = tile % steps * 16 + lane % 4 * 2 + (i >> 1 & 1) * 8 + (i & 1);
    }
    to[i] = T(column < columns && k < depth ? weight[std::ptrdiff_t(column) * depth + k] * scale[column] : 0.0f);
  }
};

/// Rows of floats (count, channels) to (count, padded), zeros behind.
struct inverted_rows {
  static constexpr int threads = 256;
  int channels, padded, count;
  const float* from;
  float* to;

  struct grid blocks() const { return {int(ceil_div(std::size_t(padded), threads)), count}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int c = t.block().x * threads + t.thread(), row = t.block().y;
    if (c < padded) to[std::ptrdiff_t(row) * padded + c] = c < channels ? from[std::ptrdiff_t(row) * channels + c] : 0.0f;
  }
};

template <class T, int Stride>
struct inverted_products {
  using tile = inverted_tile<T, Stride>;
  using shared = inverted_shared<T, Stride>;
  static constexpr int warps = inverted_threads / warp_size, in_tiles = (tile::in_pixels + 15) / 16, out_tiles = tile::out_pixels / 16;
  static constexpr int filter_tiles = inverted_most_channels / 8 / (warps / out_tiles);  // of one warp
  struct sums {
    fragment_c at[filter_tiles];
  };

  template <class Thread, class Finish>
  VISEME_DEVICE static void expand(const Thread& t, shared& s, const inverted_expand<T>& by, int chunk, int, Finish&& finish) {
    constexpr int mine = (in_tiles + 3) / 4, halves = 2;
    const int steps = inverted_padded<T>(by.channels) / 16, steps_of_all = by.of_channels / 16, g = t.lane() / 4, q = t.lane() % 4;
    for (int half = 0; half < halves; ++half) {
      const int column_tile = t.warp() / 4 * halves + half, column = column_tile * 8 + 2 * q;
      fragment_c sum[mine] = {};
      for (int step = 0; step < steps; ++step) {
        const auto b = fragment(t, by.weights, (chunk / 8 + column_tile) * steps_of_all + step);
        unrolled<mine>([&](auto m) {
          const int first = (t.warp() % 4 + 4 * m) * 16;
          if (first >= tile::in_pixels) return;
          const int low = first + g, high = low + 8;
          t.mma(sum[m], rows(s.x[low < tile::in_pixels ? low : 0], s.x[high < tile::in_pixels ? high : 0], step * 16 + 2 * q), b, T{});
        });
      }
      const float e[2] = {by.bias[chunk + column], by.bias[chunk + column + 1]};
      unrolled<mine>([&](auto m) {
        unrolled<2>([&](auto row) {
          const int pixel = (t.warp() % 4 + 4 * m) * 16 + g + 8 * row;
          if (pixel >= tile::in_pixels) return;
          const floats<2> v{sum[m].at[2 * row] + e[0], sum[m].at[2 * row + 1] + e[1]};
          store_floats(&s.hidden[pixel][column], finish(pixel, column, v));
        });
      });
    }
  }

  template <class Thread>
  VISEME_DEVICE static void project(const Thread& t, const shared& s, int filters, int chunk, int hidden, const T* weights, sums& to) {
    const int row = t.warp() % out_tiles * 16 + t.lane() / 4, q = t.lane() % 4, steps = hidden / 16;
    unrolled<inverted_chunk / 16>([&](auto step) {
      const auto a = rows(s.mixed[row], s.mixed[row + 8], step * 16 + 2 * q);
      unrolled<filter_tiles>([&](auto n) {
        const int column_tile = t.warp() / out_tiles * filter_tiles + n;
        if (column_tile * 8 < filters) t.mma(to.at[n], a, fragment(t, weights, column_tile * steps + chunk / 16 + step), T{});
      });
    });
  }

  /// f(pixel, filter, sum, sum of filter + 1) for all that the thread has.
  template <class Thread, class F>
  VISEME_DEVICE static void each(const Thread& t, const sums& from, F&& f) {
    unrolled<filter_tiles>([&](auto n) {
      unrolled<2>([&](auto half) {
        f(t.warp() % out_tiles * 16 + t.lane() / 4 + 8 * half, (t.warp() / out_tiles * filter_tiles + n) * 8 + t.lane() % 4 * 2,
          from.at[n].at[2 * half], from.at[n].at[2 * half + 1]);
      });
    });
  }

private:
  template <class Thread>
  VISEME_DEVICE static fragment_b fragment(const Thread& t, const T* weights, int number) {
    const auto words =
        load<std::uint32_t, 2>(reinterpret_cast<const std::uint32_t*>(weights) + (std::ptrdiff_t(number) * warp_size + t.lane()) * 2);
    return {{words.at[0], words.at[1]}};
  }
  VISEME_DEVICE static fragment_a rows(const T* low, const T* high, int k) {
    const auto word = [](const T* at) { return *reinterpret_cast<const std::uint32_t*>(at); };
    return {{word(low + k), word(high + k), word(low + k + 8), word(high + k + 8)}};
  }
};

template <int Stride>
struct inverted_products<float, Stride> {
  using tile = inverted_tile<float, Stride>;
  using shared = inverted_shared<float, Stride>;
  static constexpr int in_groups = inverted_threads / 8, out_groups = inverted_threads / 16, pixels_of_sums = tile::out_pixels / out_groups;
  struct sums {
    floats<4> at[pixels_of_sums];
  };

  template <class Thread, class Finish>
  VISEME_DEVICE static void expand(const Thread& t, shared& s, const inverted_expand<float>& by, int chunk, int hidden, Finish&& finish) {
    constexpr int mine = (tile::in_pixels + in_groups - 1) / in_groups;
    const int column = t.thread() % 8 * 4, first = t.thread() / 8;
    floats<4> sum[mine];
    const auto e = load_floats<4>(by.bias + chunk + column);
    unrolled<mine>([&](auto m) { sum[m] = e; });
    for (int c = 0; c < by.channels; c += 4) {
      floats<4> w[4];
      unrolled<4>([&](auto k) { w[k] = load_floats<4>(by.weights + std::ptrdiff_t(c + k) * hidden + chunk + column); });
      unrolled<mine>([&](auto m) {
        const int pixel = first + m * in_groups;
        if (pixel < tile::in_pixels) multiply(load_floats<4>(&s.x[pixel][c]), w, sum[m]);
      });
    }
    unrolled<mine>([&](auto m) {
      const int pixel = first + m * in_groups;
      if (pixel < tile::in_pixels) store_floats(&s.hidden[pixel][column], finish(pixel, column, sum[m]));
    });
  }

  template <class Thread>
  VISEME_DEVICE static void project(const Thread& t, const shared& s, int filters, int chunk, int, const float* weights, sums& to) {
    const int column = t.thread() % 16 * 4, first = t.thread() / 16, padded = inverted_padded<float>(filters);
    if (column >= filters) return;
    for (int j = 0; j < inverted_chunk; j += 4) {
      floats<4> w[4];
      unrolled<4>([&](auto k) { w[k] = load_floats<4>(weights + std::ptrdiff_t(chunk + j + k) * padded + column); });
      unrolled<pixels_of_sums>([&](auto p) { multiply(load_floats<4>(&s.mixed[first + p * out_groups][j]), w, to.at[p]); });
    }
  }

  template <class Thread, class F>
  VISEME_DEVICE static void each(const Thread& t, const sums& from, F&& f) {
    unrolled<pixels_of_sums>([&](auto p) {
      unrolled<2>([&](auto pair) {
        f(t.thread() / 16 + p * out_groups, t.thread() % 16 * 4 + 2 * pair, from.at[p].at[2 * pair], from.at[p].at[2 * pair + 1]);
      });
    });
  }

private:
  VISEME_DEVICE static void multiply(const floats<4>& x, const floats<4> (&w)[4], floats<4>& sum) {
    unrolled<4>([&](auto k) {
      for (int i = 0; i < 4; ++i) sum.at[i] += x.at[k] * w[k].at[i];
    });
  }
};

}  // namespace viseme::simt
