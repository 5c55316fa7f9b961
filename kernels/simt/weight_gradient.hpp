// Gradient of a dense convolution's weights, and sums over pixels.
//     dW[o, c, t] += sum over rows r of dy[r, o] x[source(r, t), c]          db[o] += sum over rows r of dy[r, o]
// dy (rows, filters), x (pixels, depth) channels last of T; dW float as PyTorch's (filters, depth, taps).
// Tiling: a block owns 64 filters x 64 of the taps x depth columns, a thread 4 x 4 of them, and one of `splits` ranges of rows: 16 rows at
// a time through shared memory. Parts (splits, filters, taps x depth) are added up in order by the second kernel, so results do not depend
// on timing.
// Not for 16-bit T with depth and filters of whole vectors: weight_gradient_mma.hpp has tensor cores.
#pragma once

#include <kernels/simt/pixels.hpp>
#include <kernels/simt/window.hpp>

namespace viseme::simt {

template <class T>
struct weight_gradient_parts {
  static constexpr int threads = 256, tile = 64, step = 16, steps_a_part = 8;
  struct shared {
    float dy[step][tile + 4], x[step][tile + 4];
  };
  window gather;  // rows are dy's pixels
  std::ptrdiff_t rows;
  int depth, filters, splits;
  pixels<const T> x, dy;
  float* parts;  // (splits, filters, taps x depth)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int line = t.thread() / 16, quad = t.thread() % 16 * 4, down = t.thread() / 16 * 4, across = t.thread() % 16 * 4;
    const int filter = t.block().x * tile + quad, columns = gather.taps() * depth;
    int kh[4], kw[4], channel[4];
    for (int k = 0; k < 4; ++k) {
      const int column = t.block().y * tile + quad + k, tap = column / depth;
      channel[k] = column < columns ? column - tap * depth : -1;
      kh[k] = tap / gather.kernel.w;
      kw[k] = tap - kh[k] * gather.kernel.w;
    }
    const auto share = (rows + splits - 1) / splits, first = t.block().z * share, last = first + share < rows ? first + share : rows;

    float total[4][4] = {}, part[4][4] = {}, ys[4] = {}, xs[4] = {};
    const auto fetch = [&](std::ptrdiff_t row) {
      for (int k = 0; k < 4; ++k) ys[k] = xs[k] = 0;
      if (row >= last) return;
      for (int k = 0; k < 4; ++k)
        if (filter + k < filters) ys[k] = float(dy.at(row)[filter + k]);
      const auto place = row_place::of(gather, row);
      for (int k = 0; k < 4; ++k) {
        const auto from = channel[k] >= 0 ? place.source(gather, kh[k], kw[k]) : -1;
        if (from >= 0) xs[k] = float(x.at(from)[channel[k]]);
      }
    };
    fetch(first + line);
    int inside = 0;
    for (auto row = first; row < last; row += step) {
      for (int k = 0; k < 4; ++k) s.dy[line][quad + k] = ys[k], s.x[line][quad + k] = xs[k];
      t.sync();
      fetch(row + step + line);
      for (int k = 0; k < step; ++k) {
        const auto a = load<float, 4>(&s.dy[k][down]), b = load<float, 4>(&s.x[k][across]);
        for (int r = 0; r < 4; ++r)
          for (int c = 0; c < 4; ++c) part[r][c] += a.at[r] * b.at[c];
      }
      if (++inside == steps_a_part || row + step >= last) {
        for (int r = 0; r < 4; ++r)
          for (int c = 0; c < 4; ++c) total[r][c] += part[r][c], part[r][c] = 0;
        inside = 0;
      }
      t.sync();
    }
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 4; ++c) {
        const int o = t.block().x * tile + down + r, column = t.block().y * tile + across + c;
        if (o < filters && column < columns) parts[(std::ptrdiff_t(t.block().z) * filters + o) * columns + column] = total[r][c];
      }
  }
};

struct weight_gradient_sum {
  static constexpr int threads = 256;
  int depth, filters, taps, splits;
  const float* parts;
  float* d_weight;  // (filters, depth, taps), added to

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = std::ptrdiff_t(t.block().x) * threads + t.thread(), count = std::ptrdiff_t(filters) * taps * depth;
    if (i >= count) return;
    float sum = 0;
    for (int s = 0; s < splits; ++s) sum += parts[s * count + i];
    const auto filter = i / (taps * depth);
    const int inside = int(i - filter * taps * depth), tap = inside / depth, channel = inside - tap * depth;
    d_weight[(filter * depth + channel) * taps + tap] += sum;
  }
};

/// parts[b, c] = sum of x over the pixels of range b: 32 channels x 8 pixels at a time.
template <class T>
struct channel_sum_parts {
  static constexpr int threads = 256, lines = threads / warp_size;
  struct shared {
    float sum[lines][warp_size];
  };
  std::ptrdiff_t rows;
  int channels, splits;
  pixels<const T> x;
  float* parts;  // (splits, channels)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    auto& s = t.template shared<shared>();
    const int channel = t.block().x * warp_size + t.lane();
    const auto share = (rows + splits - 1) / splits, first = t.block().y * share, last = first + share < rows ? first + share : rows;
    float total = 0, part = 0;
    int inside = 0;
    if (channel < channels)
      for (auto row = first + t.warp(); row < last; row += lines) {
        part += float(x.at(row)[channel]);
        if (++inside == 64) total += part, part = 0, inside = 0;
      }
    s.sum[t.warp()][t.lane()] = total + part;
    t.sync();
    if (t.warp() || channel >= channels) return;
    float sum = 0;
    for (int i = 0; i < lines; ++i) sum += s.sum[i][t.lane()];
    parts[std::ptrdiff_t(t.block().y) * channels + channel] = sum;
  }
};

/// to[c] += sum of the parts, in order.
struct channel_sum {
  static constexpr int threads = 256;
  int channels, splits;
  const float* parts;
  float* to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int c = t.block().x * threads + t.thread();
    if (c >= channels) return;
    float sum = 0;
    for (int s = 0; s < splits; ++s) sum += parts[std::ptrdiff_t(s) * channels + c];
    to[c] += sum;
  }
};

}  // namespace viseme::simt
