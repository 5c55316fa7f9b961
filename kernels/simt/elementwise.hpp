// Activations and their gradients, sums, copies, on channels-last pixels of T with pixel strides, (pixels, channels):
//     activate_pixels      y = act(x)
//     activation_gradient  dx = or += dy act'(y)
//     sum_pixels           y = x[0] + x[1] + ...                    sums in float, one rounding
//     move_many            to[k] = or += from[k], k = 0, 1, ...     copies, concatenation, its gradient, and the gradient of a sum
// Tiling: channel_tiles, N channels an access (16 bytes, or 1 where channels or strides are odd), two or four pixels a thread in flight.
// Dense tensors come as one row of vectors, so odd channel counts vectorise too. Bound by memory: each number is read and written once,
// except that the gradient of a sum reads dy once an operand.
#pragma once

#include <type_traits>

#include <kernels/simt/channel_tiles.hpp>

namespace viseme::simt {

inline constexpr int in_flight = 4;

/// f(std::integral_constant<activation, a>); not for none.
template <class F>
VISEME_DEVICE void with_activation(activation a, const F& f) {
  switch (a) {
    case activation::relu: return f(std::integral_constant<activation, activation::relu>{});
    case activation::leaky_relu: return f(std::integral_constant<activation, activation::leaky_relu>{});
    case activation::sigmoid: return f(std::integral_constant<activation, activation::sigmoid>{});
    default: return;
  }
}

template <class T, int N>
struct activate_pixels {
  static constexpr int threads = channel_tiles::threads;
  channel_tiles tiles;
  pixels<const T> x;
  pixels<T> y;
  activation act;  // not none
  float slope;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    with_activation(act, [&](auto a) {
      for (auto p = w.first; p < w.end; p += in_flight * w.step) {
        flight<T, N, in_flight> v;
        v.load_from(x, w, p);
        v.each([&](auto k, auto i) { v.at[k].at[i] = T(activate(a, slope, v(k, i))); });
        v.store_to(y, w, p);
      }
    });
  }
};

template <class T, int N>
struct activation_gradient {
  static constexpr int threads = channel_tiles::threads;
  channel_tiles tiles;
  pixels<const T> y, dy;
  pixels<T> dx;
  writing how;
  activation act;  // not none
  float slope;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    with_activation(act, [&](auto a) {
      for (auto p = w.first; p < w.end; p += 2 * w.step) {
        flight<T, N, 2> out, v, old;
        out.load_from(y, w, p);
        v.load_from(dy, w, p);
        if (how == writing::accumulate) old.load_from(dx, w, p);
        v.each([&](auto k, auto i) {
          const float g = v(k, i) * derivative(a, slope, out(k, i));
          v.at[k].at[i] = T(how == writing::accumulate ? old(k, i) + g : g);
        });
        v.store_to(dx, w, p);
      }
    });
  }
};

template <class T, int N>
struct sum_pixels {
  static constexpr int threads = channel_tiles::threads;
  static constexpr int most = 10;
  channel_tiles tiles;
  pixels<const T> x[most];
  int count;
  pixels<T> y;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto w = tiles.of<N>(t);
    for (auto p = w.first; p < w.end; p += 2 * w.step) {
      float sum[2][N];
      flight<T, N, 2> a, b;
      a.load_from(x[0], w, p);
      b.load_from(x[1], w, p);
      a.each([&](auto k, auto i) { sum[k][i] = a(k, i) + b(k, i); });
      for (int j = 2; j < count; ++j) {
        b.load_from(x[j], w, p);
        b.each([&](auto k, auto i) { sum[k][i] += b(k, i); });
      }
      a.each([&](auto k, auto i) { a.at[k].at[i] = T(sum[k][i]); });
      a.store_to(y, w, p);
    }
  }
};

/// Block z moves part z; the grid is as wide as the largest part.
template <class T>
struct move_many {
  static constexpr int threads = channel_tiles::threads;
  static constexpr int most = 10;
  struct part {
    channel_tiles tiles;
    pixels<const T> from;
    pixels<T> to;
    writing how;
    bool vectors;  // of 16 bytes, else single channels
  };
  part parts[most];

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const part& p = parts[t.block().z];
    if (std::ptrdiff_t(t.block().x) * p.tiles.chunk >= p.tiles.pixels) return;
    if (p.vectors) run<widest<T>>(p, p.tiles.template of<widest<T>>(t));
    else run<1>(p, p.tiles.template of<1>(t));
  }
  template <int N>
  VISEME_DEVICE static void run(const part& m, const walk& w) {
    for (auto p = w.first; p < w.end; p += in_flight * w.step) {
      flight<T, N, in_flight> v, old;
      v.load_from(m.from, w, p);
      if (m.how == writing::accumulate) {
        old.load_from(m.to, w, p);
        v.each([&](auto k, auto i) { v.at[k].at[i] = T(old(k, i) + v(k, i)); });
      }
      v.store_to(m.to, w, p);
    }
  }
};

}  // namespace viseme::simt
