// Batch normalisation of channels-last pixels (pixels, C), alone or with the sum and the activation behind it:
//     y = act((x - mean[c]) scale[c] + beta[c] + residual),   scale = gamma / sqrt(var + eps)
// Statistics of a batch in two levels. batch_norm_moments: a block takes a chunk of pixels and sums x - s and (x - s)^2, s being the mean
// of four pixels spread over the chunk, so a mean far from zero costs no accuracy; it leaves the chunk's mean and sum of squared distances
// (chunks, 2, C). batch_norm_statistics merges the chunks by Chan's formula, a block for eight channels, into {mean, 1 / sqrt(var + eps)}
// (2, C) and moves the running ones: biased variance normalises, the running variance takes the unbiased one.
// Tiling: channel_tiles, N channels an access; what belongs to a channel is loaded once a thread. Bound by memory: x is read once for the
// statistics and once to apply them. The same bits on every run. Gradients: batch_norm_backward.hpp.
#pragma once

#include <kernels/simt/row_sums.hpp>

namespace viseme::simt {

/// A channel's statistics and parameters: of a batch, or the running ones, whose 1 / std is made where they are read.
struct norm_state {
  const float *mean, *spread;  // spread: 1 / std, or the running variance
  bool running;
  const float *gamma, *beta;
  float epsilon;

  VISEME_DEVICE float inverse(int channel) const { return running ? 1 / std::sqrt(spread[channel] + epsilon) : spread[channel]; }
};

/// A thread's N channels.
template <int N>
struct norm_of_channels {
  float mean[N], scale[N], beta[N];

  VISEME_DEVICE norm_of_channels(const norm_state& p, int channel) {
    unrolled<N>([&](auto i) {
      mean[i] = p.mean[channel + i];
      scale[i] = p.gamma[channel + i] * p.inverse(channel + i);
      beta[i] = p.beta[channel + i];
    });
  }
  VISEME_DEVICE float operator()(int i, float x) const { return (x - mean[i]) * scale[i] + beta[i]; }
};

/// Of `count` numbers: their mean and the sum of their squared distances from it.
struct moments {
  float count = 0, mean = 0, squares = 0;

  VISEME_DEVICE void merge(const moments& other) {
    if (other.count == 0) return;
    const float both = count + other.count, share = other.count / both, apart = other.mean - mean;
    mean += apart * share;
    squares += other.squares + apart * apart * count * share;
    count = both;
  }
};

template <class T, int N>
struct batch_norm_moments {
  static constexpr int threads = channel_tiles::threads;
  using shared = row_sums<N>;
  channel_tiles tiles;
  pixels<const T> x;
  float* partial;  // (chunks, 2, C)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    floats<N> shift{};
    float sums[N] = {}, squares[N] = {};
    if (w.first < w.end) shift = typical<N>(t.block().x, w.channel);
    for (auto p = w.first; p < w.end; p += 4 * w.step) {
      flight<T, N, 4> v;
      v.load_from(x, w, p);
      unrolled<4>([&](auto k) {
        if (p + k * w.step >= w.end) return;
        unrolled<N>([&](auto i) {
          const float d = v(k, i) - shift.at[i];
          sums[i] += d;
          squares[i] += d * d;
        });
      });
    }
    const auto sum = sum_rows<N>(t, tiles, sums, squares, t.template shared<shared>());
    if (sum.channel < 0) return;
    const float off = sum.first / float(tiles.pixels_in(t.block().x)), distances = sum.second - sum.first * off;
    float* to = partial + std::ptrdiff_t(t.block().x) * 2 * channels();
    to[sum.channel] = typical<1>(t.block().x, sum.channel).at[0] + off;
    to[channels() + sum.channel] = distances > 0 ? distances : 0;
  }

  VISEME_DEVICE int channels() const { return tiles.vectors * N; }
  template <int M>
  VISEME_DEVICE floats<M> typical(int chunk, int channel) const {
    const std::ptrdiff_t begin = std::ptrdiff_t(chunk) * tiles.chunk, count = tiles.pixels_in(chunk);
    floats<M> mean{};
    unrolled<4>([&](auto j) {
      const auto v = load_floats<M>(x.at(begin + count * j / 4) + channel);
      unrolled<M>([&](auto i) { mean.at[i] += v.at[i] * 0.25f; });
    });
    return mean;
  }
};

struct batch_norm_statistics {
  static constexpr int threads = merging::threads;
  struct shared {
    moments part[threads];
  };
  channel_tiles tiles;  // of the moments
  int chunks, channels;
  const float* partial;                // (chunks, 2, C)
  float* statistics;                   // (2, C): mean, 1 / sqrt(var + eps)
  float *running_mean, *running_var;   // (C)
  float momentum, epsilon;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int channel = t.block().x * merging::channels + t.thread() % merging::channels;
    const auto whole = merge_rows(t, chunks, channel < channels, t.template shared<shared>().part, [&](int k) {
      const float* from = partial + std::ptrdiff_t(k) * 2 * channels + channel;
      return moments{float(tiles.pixels_in(k)), from[0], from[channels]};
    });
    if (t.thread() >= merging::channels || channel >= channels) return;
    const float others = whole.count > 1 ? whole.count - 1 : 1;
    statistics[channel] = whole.mean;
    statistics[channels + channel] = 1 / std::sqrt(whole.squares / whole.count + epsilon);
    running_mean[channel] += momentum * (whole.mean - running_mean[channel]);
    running_var[channel] += momentum * (whole.squares / others - running_var[channel]);
  }
};

template <class T, int N>
struct batch_norm_apply {
  static constexpr int threads = channel_tiles::threads;
  channel_tiles tiles;
  norm_state norm;
  pixels<const T> x, residual;  // residual: or none
  pixels<T> y;
  activation act;  // none, relu or leaky_relu
  float slope;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    if (w.first >= w.end) return;
    const norm_of_channels<N> of(norm, w.channel);
    switch (act) {
      case activation::relu: return run<activation::relu>(w, of);
      case activation::leaky_relu: return run<activation::leaky_relu>(w, of);
      default: return run<activation::none>(w, of);
    }
  }
  template <activation A>
  VISEME_DEVICE void run(const walk& w, const norm_of_channels<N>& of) const {
    for (auto p = w.first; p < w.end; p += 2 * w.step) {
      flight<T, N, 2> v, more;
      v.load_from(x, w, p);
      if (residual) more.load_from(residual, w, p);
      v.each([&](auto k, auto i) { v.at[k].at[i] = T(activate(A, slope, residual ? of(i, v(k, i)) + more(k, i) : of(i, v(k, i)))); });
      v.store_to(y, w, p);
    }
  }
};

}  // namespace viseme::simt
