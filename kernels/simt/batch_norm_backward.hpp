// Gradient of batch normalisation and of the sum and activation behind it, on channels-last pixels (pixels, C).
// With g = act'(.) dy, n pixels:
//     dbeta += sum g       dgamma += sum g (x - mean) inverse       d_residual = or += g
//     dx = or += scale (g - mean(g) - (x - mean) inverse^2 mean(g (x - mean)))       frozen statistics: dx = or += scale g
// act'(.) follows from the sign of what act was given: of the output where a residual was added, else computed again from x.
// batch_norm_gradient_sums leaves the two sums of each chunk (chunks, 2, C), batch_norm_gradient_means merges them, batch_norm_gradient
// writes dx.
// Tiling: as in batch_norm.hpp. Bound by memory: x and dy (and the output, if needed) are read twice. dx may be the memory of x.
// Not here: activations whose derivative takes more than a sign.
#pragma once

#include <kernels/simt/batch_norm.hpp>

namespace viseme::simt {

/// What both passes read.
template <class T>
struct batch_norm_gradient_input {
  norm_state norm;
  pixels<const T> x, y, dy;  // y: or none
  float slope;               // of the activation below zero: 1 without one
};

/// Some pixels of it.
template <class T, int N, int Count>
struct batch_norm_gradient_flight {
  flight<T, N, Count> x, y, dy;

  VISEME_DEVICE batch_norm_gradient_flight(const batch_norm_gradient_input<T>& in, const walk& w, std::ptrdiff_t p) {
    x.load_from(in.x, w, p);
    dy.load_from(in.dy, w, p);
    if (in.y) y.load_from(in.y, w, p);
  }
  VISEME_DEVICE float g(const batch_norm_gradient_input<T>& in, const norm_of_channels<N>& of, int k, int i) const {
    const float sign = in.y ? y(k, i) : of(i, x(k, i));
    return sign > 0 ? dy(k, i) : dy(k, i) * in.slope;
  }
};

template <class T, int N>
struct batch_norm_gradient_sums {
  static constexpr int threads = channel_tiles::threads;
  using shared = row_sums<N>;
  channel_tiles tiles;
  batch_norm_gradient_input<T> in;
  float* partial;  // (chunks, 2, C): sum g, sum g (x - mean)

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    float first[N] = {}, second[N] = {};
    if (w.first < w.end) run(w, first, second);
    const auto sum = sum_rows<N>(t, tiles, first, second, t.template shared<shared>());
    if (sum.channel < 0) return;
    const int channels = tiles.vectors * N;
    float* to = partial + std::ptrdiff_t(t.block().x) * 2 * channels + sum.channel;
    to[0] = sum.first;
    to[channels] = sum.second;
  }
  VISEME_DEVICE void run(const walk& w, float (&first)[N], float (&second)[N]) const {
    const norm_of_channels<N> of(in.norm, w.channel);
    for (auto p = w.first; p < w.end; p += 2 * w.step) {
      const batch_norm_gradient_flight<T, N, 2> v(in, w, p);
      unrolled<2>([&](auto k) {
        if (p + k * w.step >= w.end) return;
        unrolled<N>([&](auto i) {
          const float g = v.g(in, of, k, i);
          first[i] += g;
          second[i] += g * (v.x(k, i) - of.mean[i]);
        });
      });
    }
  }
};

struct batch_norm_gradient_means {
  static constexpr int threads = merging::threads;
  struct sums {
    float first = 0, second = 0;
    VISEME_DEVICE void merge(const sums& other) {
      first += other.first;
      second += other.second;
    }
  };
  struct shared {
    sums part[threads];
  };
  int chunks, channels;
  float pixels;
  norm_state norm;
  const float* partial;   // (chunks, 2, C)
  float* means;           // (2, C): mean(g), inverse^2 mean(g (x - mean))
  float *dgamma, *dbeta;  // (C), added to; or null

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int channel = t.block().x * merging::channels + t.thread() % merging::channels;
    const auto whole = merge_rows(t, chunks, channel < channels, t.template shared<shared>().part, [&](int k) {
      const float* from = partial + std::ptrdiff_t(k) * 2 * channels + channel;
      return sums{from[0], from[channels]};
    });
    if (t.thread() >= merging::channels || channel >= channels) return;
    const float inverse = norm.inverse(channel);
    means[channel] = whole.first / pixels;
    means[channels + channel] = inverse * inverse * whole.second / pixels;
    if (dgamma) dgamma[channel] += inverse * whole.second;
    if (dbeta) dbeta[channel] += whole.first;
  }
};

template <class T, int N>
struct batch_norm_gradient {
  static constexpr int threads = channel_tiles::threads;
  channel_tiles tiles;
  batch_norm_gradient_input<T> in;
  const float* means;           // (2, C), or null: frozen statistics
  pixels<T> dx, d_residual;     // or none
  writing dx_how, d_residual_how;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    if (w.first >= w.end) return;
    const norm_of_channels<N> of(in.norm, w.channel);
    floats<N> mean{}, along{};
    if (means) unrolled<N>([&](auto i) {
      mean.at[i] = means[w.channel + i];
      along.at[i] = means[tiles.vectors * N + w.channel + i];
    });
    for (auto p = w.first; p < w.end; p += 2 * w.step) {
      const batch_norm_gradient_flight<T, N, 2> v(in, w, p);
      if (dx) write(dx, dx_how, w, p, [&](auto k, auto i) {
        return of.scale[i] * (v.g(in, of, k, i) - mean.at[i] - (v.x(k, i) - of.mean[i]) * along.at[i]);
      });
      if (d_residual) write(d_residual, d_residual_how, w, p, [&](auto k, auto i) { return v.g(in, of, k, i); });
    }
  }
  template <class F>
  VISEME_DEVICE static void write(pixels<T> to, writing how, const walk& w, std::ptrdiff_t p, const F& f) {
    flight<T, N, 2> v;
    if (how == writing::accumulate) v.load_from(to, w, p);
    v.each([&](auto k, auto i) { v.at[k].at[i] = T(how == writing::accumulate ? v(k, i) + f(k, i) : f(k, i)); });
    v.store_to(to, w, p);
  }
};

}  // namespace viseme::simt
