// Losses with their gradients, d = a - b over (pixels, C) of M numbers:
//     difference_loss    sum |d| or d^2 by block        d_a = or += w sign(d) / M  or  2 w d / M,     d_b = or += the opposite
//     cosine_bce         by sample BCE(p, label), p = (1 + cos(a, b)) / 2, logs not below -100; with
//                        q = w / N (p - label) / max(p (1 - p), 1e-12) / 2
//                        d_a = or += q (b / (|a| |b|) - cos a / |a|^2),   d_b alike; lengths not below 1e-8
// One pass over a and b for value and gradients of a difference; a block a sample, two passes, for the cosine. The host adds the blocks'
// sums, at most a thousand, in double.
#pragma once

#include <kernels/simt/channel_tiles.hpp>
#include <kernels/simt/samples.hpp>

namespace viseme::simt {

template <class T, int N>
struct difference_loss {
  static constexpr int threads = channel_tiles::threads;
  struct shared {
    float part[threads / warp_size];
  };
  channel_tiles tiles;
  pixels<const T> a, b;
  pixels<T> d_a, d_b;  // or none
  writing a_how, b_how;
  bool squared;
  float factor;  // w / M
  float* sums;   // of each block, x fastest

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    float sum = 0;
    for (auto p = w.first; p < w.end; p += 2 * w.step) {
      flight<T, N, 2> u, v;
      u.load_from(a, w, p);
      v.load_from(b, w, p);
      unrolled<2>([&](auto k) {
        if (p + k * w.step >= w.end) return;
        floats<N> slope, opposite;
        unrolled<N>([&](auto i) {
          const float d = u(k, i) - v(k, i), sign = d > 0 ? 1.0f : d < 0 ? -1.0f : d;
          sum += squared ? d * d : d * sign;
          slope.at[i] = factor * (squared ? 2 * d : sign);
          opposite.at[i] = -slope.at[i];
        });
        if (d_a) store_floats<N>(d_a.at(p + k * w.step) + w.channel, slope, a_how);
        if (d_b) store_floats<N>(d_b.at(p + k * w.step) + w.channel, opposite, b_how);
      });
    }
    sum = block_sum<threads>(t, sum, t.template shared<shared>().part);
    if (t.thread() == 0) sums[t.block().y * t.blocks().x + t.block().x] = sum;
  }
};

template <class T, int N>
struct cosine_bce {
  static constexpr int threads = samples::threads;
  struct shared {
    float aa[threads / warp_size], bb[threads / warp_size], ab[threads / warp_size];
  };
  samples tiles;
  pixels<const T> a, b;
  pixels<T> d_a, d_b;  // or none
  writing a_how, b_how;
  float factor;         // w / N
  const float* labels;  // (N)
  float* losses;        // (N)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    constexpr float eps = 1e-8f;
    auto& s = t.template shared<shared>();
    float aa = 0, bb = 0, ab = 0;
    tiles.each<N>(t, [&](auto pixel, int channel) {
      aa += dot<N>(a, a, pixel, channel);
      bb += dot<N>(b, b, pixel, channel);
      ab += dot<N>(a, b, pixel, channel);
    });
    const float length_a = std::sqrt(block_sum<threads>(t, aa, s.aa)), length_b = std::sqrt(block_sum<threads>(t, bb, s.bb));
    const float used_a = length_a < eps ? eps : length_a, used_b = length_b < eps ? eps : length_b;
    const float cosine = block_sum<threads>(t, ab, s.ab) / used_a / used_b;
    const float p = probability(cosine), label = labels[t.block().x], both = p * (1 - p);
    if (t.thread() == 0) losses[t.block().x] = -(label * log_of(p) + (1 - label) * log_of(1 - p));
    const float slope = factor * (p - label) / (both > 1e-12f ? both : 1e-12f) / 2;
    const float across = 1 / used_a / used_b;
    if (d_a) write(t, d_a, a_how, a, b, slope, across, length_a < eps ? 0 : cosine / used_a / used_a);
    if (d_b) write(t, d_b, b_how, b, a, slope, across, length_b < eps ? 0 : cosine / used_b / used_b);
  }

private:
  /// A cosine may be a rounding beyond 1.
  VISEME_DEVICE static float probability(float cosine) {
    const float p = (1 + cosine) / 2;
    return p < 0 ? 0 : p > 1 ? 1 : p;
  }
  VISEME_DEVICE static float log_of(float p) {
    const float log = std::log(p);
    return log < -100 ? -100 : log;
  }
  /// to = or += slope (other across - self along)
  template <class Thread>
  VISEME_DEVICE void write(const Thread& t, pixels<T> to, writing how, const pixels<const T>& self, const pixels<const T>& other,
                           float slope, float across, float along) const {
    tiles.each<N>(t, [&](auto pixel, int channel) {
      const auto mine = load_floats<N>(self.at(pixel) + channel);
      auto v = load_floats<N>(other.at(pixel) + channel);
      unrolled<N>([&](auto i) { v.at[i] = slope * (v.at[i] * across - mine.at[i] * along); });
      store_floats<N>(to.at(pixel) + channel, v, how);
    });
  }
};

}  // namespace viseme::simt
