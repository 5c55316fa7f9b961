// Bilinear x2 (align_corners), max and average pooling.
#pragma once

#include <backends/reference/elementwise.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {

template <class T>
struct op<upsample2x, backends::reference<T>> {
  using context = backends::host_context;

  struct tap {
    int low, high;
    double weight;  // of high
  };
  static tap source(int i, int size) {
    if (size == 1) return {0, 0, 0};
    const double at = double(i) * (size - 1) / (2 * size - 1);
    const int low = std::min(int(at), size - 1);
    return {low, std::min(low + 1, size - 1), at - low};
  }

  static void forward(context& c, const forward_call<T>& call) {
    const auto x = call.in[0];
    backends::write_each(c, call.out, gradient_write::overwrite, [&](int n, int ch, int h, int w) {
      const auto v = source(h, x.size.h), u = source(w, x.size.w);
      const auto row = [&](int r) { return x(n, ch, r, u.low) * (1 - u.weight) + x(n, ch, r, u.high) * u.weight; };
      return row(v.low) * (1 - v.weight) + row(v.high) * v.weight;
    });
  }
  static void backward(context& c, const backward_call<T>& call) {
    const auto dx = call.d_in[0];
    if (!dx) return;
    c.for_each_plane(dx.size, [&](int n, int ch) {
      std::vector<double> sum(std::size_t(dx.size.h) * dx.size.w);
      for (int h = 0; h < call.d_out.size.h; ++h)
        for (int w = 0; w < call.d_out.size.w; ++w) {
          const auto v = source(h, dx.size.h), u = source(w, dx.size.w);
          const double g = call.d_out(n, ch, h, w);
          sum[v.low * dx.size.w + u.low] += g * (1 - v.weight) * (1 - u.weight);
          sum[v.low * dx.size.w + u.high] += g * (1 - v.weight) * u.weight;
          sum[v.high * dx.size.w + u.low] += g * v.weight * (1 - u.weight);
          sum[v.high * dx.size.w + u.high] += g * v.weight * u.weight;
        }
      for (int h = 0; h < dx.size.h; ++h)
        for (int w = 0; w < dx.size.w; ++w) backends::put(dx(n, ch, h, w), sum[h * dx.size.w + w], call.write[0]);
    });
  }
};

template <int K, class T>
struct op<max_pool<K>, backends::reference<T>> {
  using context = backends::host_context;

  /// Offset (row K + column) of a window's first maximum; a NaN counts as one.
  static int first_maximum(view<const T> x, int n, int ch, int h, int w) {
    int best = 0;
    T top = x(n, ch, h * K, w * K);
    for (int k = 1; k < K * K; ++k) {
      const T v = x(n, ch, h * K + k / K, w * K + k % K);
      if (v > top || (v != v && top == top)) top = v, best = k;
    }
    return best;
  }
  static void forward(context& c, const forward_call<T>& call) {
    backends::write_each(c, call.out, gradient_write::overwrite, [&](int n, int ch, int h, int w) {
      const int k = first_maximum(call.in[0], n, ch, h, w);
      return double(call.in[0](n, ch, h * K + k / K, w * K + k % K));
    });
  }
  static void backward(context& c, const backward_call<T>& call) {
    const auto x = call.in[0];
    if (!call.d_in[0]) return;
    backends::write_each(c, call.d_in[0], call.write[0], [&](int n, int ch, int h, int w) {
      const int oh = h / K, ow = w / K;
      if (oh >= call.d_out.size.h || ow >= call.d_out.size.w) return 0.0;
      return first_maximum(x, n, ch, oh, ow) == h % K * K + w % K ? double(call.d_out(n, ch, oh, ow)) : 0.0;
    });
  }
};

namespace backends {
template <class L>
constexpr size2 pooled_window(shape in) {
  if constexpr (requires { L::size; }) return {L::size, L::size};
  else return {in.h, in.w};
}
template <class L>
concept average_layer = std::derived_from<L, global_average_pool>;
}  // namespace backends

template <backends::average_layer L, class T>
struct op<L, backends::reference<T>> {
  using context = backends::host_context;

  static void forward(context& c, const forward_call<T>& call) {
    const auto x = call.in[0];
    const size2 k = backends::pooled_window<L>(x.size);
    backends::write_each(c, call.out, gradient_write::overwrite, [&](int n, int ch, int h, int w) {
      double sum = 0;
      for (int i = 0; i < k.h; ++i)
        for (int j = 0; j < k.w; ++j) sum += x(n, ch, h * k.h + i, w * k.w + j);
      return sum / (k.h * k.w);
    });
  }
  static void backward(context& c, const backward_call<T>& call) {
    if (!call.d_in[0]) return;
    const size2 k = backends::pooled_window<L>(call.d_in[0].size);
    backends::write_each(c, call.d_in[0], call.write[0], [&](int n, int ch, int h, int w) {
      const bool inside = h / k.h < call.d_out.size.h && w / k.w < call.d_out.size.w;
      return inside ? double(call.d_out(n, ch, h / k.h, w / k.w)) / (k.h * k.w) : 0.0;
    });
  }
};

}  // namespace viseme
