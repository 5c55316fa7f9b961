// How a block shares channels-last pixels: `columns` neighbouring vectors of N channels times 256 / columns pixels, walking down a chunk of
// pixels. A thread keeps its channels, so what belongs to a channel is loaded once, and neighbours read neighbouring bytes: the walk
// divides nothing.
//     column = thread % columns      first pixel = chunk's first + thread / columns      step = 256 / columns
#pragma once

#include <algorithm>

#include <kernels/simt/vectors.hpp>

namespace viseme::simt {

/// Pixels first, first + step, ... before `end`, channels from `channel`.
struct walk {
  std::ptrdiff_t first, end;
  int step, channel;
};

struct channel_tiles {
  static constexpr int threads = 256;

  std::ptrdiff_t pixels = 0;
  int vectors = 0;  // a pixel's channels / N
  int chunk = 0;    // pixels of a block
  int column_bits = 0;

  /// `each`: pixels that a thread should at least have, `most`: blocks that are enough.
  static channel_tiles over(std::ptrdiff_t pixels, int vectors, int each, std::ptrdiff_t most) {
    channel_tiles k{.pixels = pixels, .vectors = vectors};
    while (k.columns() < warp_size && k.columns() < vectors) ++k.column_bits;
    const auto least = std::ptrdiff_t(ceil_div(std::size_t(pixels), std::size_t(k.step()) * each));
    const auto chunks = std::clamp<std::ptrdiff_t>(most / k.across(), 1, std::max<std::ptrdiff_t>(least, 1));
    k.chunk = int(ceil_div(ceil_div(std::size_t(pixels), std::size_t(chunks)), std::size_t(k.step()))) * k.step();
    return k;
  }
  int chunks() const { return int(ceil_div(std::size_t(pixels), std::size_t(chunk))); }
  int across() const { return int(ceil_div(std::size_t(vectors), std::size_t(columns()))); }
  grid blocks() const { return {chunks(), across()}; }

  VISEME_DEVICE int columns() const { return 1 << column_bits; }
  VISEME_DEVICE int step() const { return threads >> column_bits; }
  /// Empty where the thread has no channels.
  template <int N, class Thread>
  VISEME_DEVICE walk of(const Thread& t) const {
    const int vector = (t.block().y << column_bits) + (t.thread() & (columns() - 1));
    const std::ptrdiff_t from = std::ptrdiff_t(t.block().x) * chunk, to = from + chunk < pixels ? from + chunk : pixels;
    return {vector < vectors ? from + (t.thread() >> column_bits) : to, to, step(), vector * N};
  }
  /// Pixels in chunk k.
  VISEME_DEVICE int pixels_in(int k) const {
    const std::ptrdiff_t left = pixels - std::ptrdiff_t(k) * chunk;
    return int(left < chunk ? left : chunk);
  }
};

/// Vectors of a walk, several accesses at a time: at[k] are those of pixel p + k * step, if that is before the end.
template <class T, int N, int Count>
struct flight {
  aligned<T, N> at[Count]{};

  VISEME_DEVICE void load_from(pixels<const T> from, const walk& w, std::ptrdiff_t p) {
    unrolled<Count>([&](auto k) {
      if (p + k * w.step < w.end) at[k] = load<T, N>(from.at(p + k * w.step) + w.channel);
    });
  }
  VISEME_DEVICE void store_to(pixels<T> to, const walk& w, std::ptrdiff_t p) const {
    unrolled<Count>([&](auto k) {
      if (p + k * w.step < w.end) store<N>(to.at(p + k * w.step) + w.channel, at[k]);
    });
  }
  VISEME_DEVICE float operator()(int k, int i) const { return float(at[k].at[i]); }
  /// f(k, i) for all numbers.
  template <class F>
  VISEME_DEVICE static void each(const F& f) {
    unrolled<Count>([&](auto k) { unrolled<N>([&](auto i) { f(k, i); }); });
  }
};

}  // namespace viseme::simt
