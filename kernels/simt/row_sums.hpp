// Sums over pixels by channel, in two levels and a fixed order.
//     in a block of channel_tiles: threads sum their pixels, the lanes of a warp that share channels meet by shuffles, warps in shared
//     memory over the chunks: eight channels and 32 rows of chunks a block, rows meet in a tree
#pragma once

#include <kernels/simt/channel_tiles.hpp>

namespace viseme::simt {

/// Two sums of one channel; channel -1: another thread has it.
struct sums_of_channel {
  int channel = -1;
  float first = 0, second = 0;
};

/// A block's memory for sum_rows.
template <int N>
struct row_sums {
  static constexpr int warps = channel_tiles::threads / warp_size;
  float first[N][warps][warp_size], second[N][warps][warp_size];
};

/// Of the N channels of each column, over the block's rows.
template <int N, class Thread>
VISEME_DEVICE sums_of_channel sum_rows(const Thread& t, const channel_tiles& tiles, float (&first)[N], float (&second)[N], row_sums<N>& s) {
  static_assert(N <= row_sums<N>::warps, "warp i finishes channel i of each column");
  const int columns = tiles.columns();
  for (int mask = columns; mask < warp_size; mask *= 2)
    unrolled<N>([&](auto i) {
      first[i] += t.shuffle_xor(first[i], mask);
      second[i] += t.shuffle_xor(second[i], mask);
    });
  if (t.lane() < columns)
    unrolled<N>([&](auto i) {
      s.first[i][t.warp()][t.lane()] = first[i];
      s.second[i][t.warp()][t.lane()] = second[i];
    });
  t.sync();
  const int vector = t.block().y * columns + t.lane();
  sums_of_channel sums;
  if (t.warp() >= N || t.lane() >= columns || vector >= tiles.vectors) return sums;
  sums.channel = vector * N + t.warp();
  unrolled<row_sums<N>::warps>([&](auto w) {
    sums.first += s.first[t.warp()][w][t.lane()];
    sums.second += s.second[t.warp()][w][t.lane()];
  });
  return sums;
}

/// Blocks of the second level: 32 rows of eight channels.
struct merging {
  static constexpr int threads = 256, channels = 8, rows = threads / channels;
  static grid blocks(int of) { return {int(ceil_div(std::size_t(of), channels))}; }
};

/// Merges read(0) .. read(count - 1) of a channel, eight reads in flight; the whole is in the channel's first thread (row 0). Part:
/// merge(Part), and made without arguments it changes nothing it is merged with.
template <class Part, class Thread, class Read>
VISEME_DEVICE Part merge_rows(const Thread& t, int count, bool used, Part (&s)[merging::threads], const Read& read) {
  constexpr int ahead = 8;
  const int row = t.thread() / merging::channels;
  Part whole{};
  for (int k = row; used && k < count; k += ahead * merging::rows) {
    Part part[ahead] = {};
    unrolled<ahead>([&](auto j) {
      if (k + j * merging::rows < count) part[j] = read(k + j * merging::rows);
    });
    unrolled<ahead>([&](auto j) { whole.merge(part[j]); });
  }
  s[t.thread()] = whole;
  t.sync();
  for (int half = merging::rows / 2; half; half /= 2) {
    if (row < half) s[t.thread()].merge(s[t.thread() + half * merging::channels]);
    t.sync();
  }
  return s[t.thread()];
}

}  // namespace viseme::simt
