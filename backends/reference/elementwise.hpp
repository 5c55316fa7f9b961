// Activations, sum, concatenation.
#pragma once

#include <cmath>

#include <backends/reference/backend.hpp>
#include <viseme/layers/activation.hpp>
#include <viseme/layers/combine.hpp>

namespace viseme {
namespace backends {

/// Activations by value and by derivative in terms of the output.
inline double activate(relu, double x) { return x < 0 ? 0 : x; }
inline double derivative(relu, double y) { return y > 0; }
template <int D>
double activate(leaky_relu<D>, double x) { return x < 0 ? x * leaky_relu<D>::slope : x; }
template <int D>
double derivative(leaky_relu<D>, double y) { return y > 0 ? 1 : leaky_relu<D>::slope; }
inline double activate(sigmoid, double x) { return 1 / (1 + std::exp(-x)); }
inline double derivative(sigmoid, double y) { return y * (1 - y); }

template <class L>
concept activation_layer = requires(L l) { activate(l, 0.0); };

/// to(element) = or += f(n, c, h, w), over a whole tensor.
template <class T, class F>
void write_each(host_context& c, view<T> to, gradient_write write, F&& f) {
  c.for_each_plane(to.size, [&](int n, int ch) {
    for (int h = 0; h < to.size.h; ++h)
      for (int w = 0; w < to.size.w; ++w) put(to(n, ch, h, w), f(n, ch, h, w), write);
  });
}

}  // namespace backends

template <backends::activation_layer L, class T>
struct op<L, backends::reference<T>> {
  using context = backends::host_context;

  static void forward(context& c, const forward_call<T>& call) {
    backends::write_each(c, call.out, gradient_write::overwrite,
                         [&](int n, int ch, int h, int w) { return backends::activate(L{}, call.in[0](n, ch, h, w)); });
  }
  static void backward(context& c, const backward_call<T>& call) {
    if (!call.d_in[0]) return;
    backends::write_each(c, call.d_in[0], call.write[0], [&](int n, int ch, int h, int w) {
      return call.d_out(n, ch, h, w) * backends::derivative(L{}, call.out(n, ch, h, w));
    });
  }
};

template <class T>
struct op<add, backends::reference<T>> {
  using context = backends::host_context;

  static void forward(context& c, const forward_call<T>& call) {
    backends::write_each(c, call.out, gradient_write::overwrite, [&](int n, int ch, int h, int w) {
      double sum = 0;
      for (int k = 0; k < call.inputs; ++k) sum += call.in[k](n, ch, h, w);
      return sum;
    });
  }
  static void backward(context& c, const backward_call<T>& call) {
    for (int k = 0; k < call.inputs; ++k)
      if (call.d_in[k])
        backends::write_each(c, call.d_in[k], call.write[k], [&](int n, int ch, int h, int w) { return double(call.d_out(n, ch, h, w)); });
  }
};

template <class T>
struct op<concat, backends::reference<T>> {
  using context = backends::host_context;

  static void forward(context& c, const forward_call<T>& call) {
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c)
      backends::write_each(c, call.out.channels(first, call.in[k].size.c), gradient_write::overwrite,
                           [&](int n, int ch, int h, int w) { return double(call.in[k](n, ch, h, w)); });
  }
  static void backward(context& c, const backward_call<T>& call) {
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c)
      if (call.d_in[k])
        backends::write_each(c, call.d_in[k], call.write[k],
                             [&, from = call.d_out.channels(first, call.in[k].size.c)](int n, int ch, int h, int w) { return double(from(n, ch, h, w)); });
  }
};

}  // namespace viseme
