// y = x / max(|x|, eps) over all of a sample.
#pragma once

#include <backends/reference/elementwise.hpp>
#include <viseme/layers/normalize.hpp>

namespace viseme {

template <class T>
struct op<l2_normalize, backends::reference<T>> {
  using context = backends::host_context;

  template <class F>
  static double sum(shape s, F&& f) {
    double total = 0;
    for (int ch = 0; ch < s.c; ++ch)
      for (int h = 0; h < s.h; ++h)
        for (int w = 0; w < s.w; ++w) total += f(ch, h, w);
    return total;
  }
  static double norm(view<const T> x, int n) {
    return std::sqrt(sum(x.size, [&](int ch, int h, int w) { return double(x(n, ch, h, w)) * x(n, ch, h, w); }));
  }

  static void forward(context& c, const forward_call<T>& call) {
    for (int n = 0; n < call.out.size.n; ++n) {
      const double length = std::max(norm(call.in[0], n), l2_normalize::eps);
      auto y = call.out;
      y.data += n * y.step.n;
      y.size.n = 1;
      backends::write_each(c, y, gradient_write::overwrite, [&](int, int ch, int h, int w) { return call.in[0](n, ch, h, w) / length; });
    }
  }
  static void backward(context& c, const backward_call<T>& call) {
    if (!call.d_in[0]) return;
    for (int n = 0; n < call.out.size.n; ++n) {
      const double length = norm(call.in[0], n);
      const bool tiny = length < l2_normalize::eps;
      const double dot = tiny ? 0 : sum(call.out.size, [&](int ch, int h, int w) { return double(call.d_out(n, ch, h, w)) * call.out(n, ch, h, w); });
      auto dx = call.d_in[0];
      dx.data += n * dx.step.n;
      dx.size.n = 1;
      backends::write_each(c, dx, call.write[0], [&](int, int ch, int h, int w) {
        return (call.d_out(n, ch, h, w) - dot * call.out(n, ch, h, w)) / std::max(length, l2_normalize::eps);
      });
    }
  }
};

}  // namespace viseme
