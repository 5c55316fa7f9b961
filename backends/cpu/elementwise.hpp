// Activations, sum and concatenation on pixels.
#pragma once

#include <backends/cpu/backend.hpp>

namespace viseme {
namespace backends {

/// One function for every activation layer.
template <class T>
struct cpu_activation {
  activation_of how;

  void forward(host_context&, const forward_call<T>&) const;
  void backward(host_context&, const backward_call<T>&) const;
};

template <class T>
void cpu_activation<T>::forward(host_context& c, const forward_call<T>& call) const {
  cpu_kernels::activate(c.threads, c.set, {std::ptrdiff_t(call.out.size.pixels()), call.out.size.c, pixels_of(call.in[0]), pixels_of(call.out), how.act, how.slope});
}
template <class T>
void cpu_activation<T>::backward(host_context& c, const backward_call<T>& call) const {
  if (!call.d_in[0]) return;
  cpu_kernels::activation_gradient(c.threads, c.set, {std::ptrdiff_t(call.d_out.size.pixels()), call.d_out.size.c, pixels_of(call.out), pixels_of(call.d_out),
                                                      pixels_of(call.d_in[0]), how.act, how.slope, writing_of(call.write[0])});
}

template <class T>
struct cpu_sum {
  static void forward(host_context&, const forward_call<T>&);
  static void backward(host_context&, const backward_call<T>&);
};

template <class T>
void cpu_sum<T>::forward(host_context& c, const forward_call<T>& call) {
  auto sum = pixels_of(call.in[0]);
  for (int k = 1; k < call.inputs; ++k) {
    cpu_kernels::add(c.threads, c.set, {std::ptrdiff_t(call.out.size.pixels()), call.out.size.c, sum, pixels_of(call.in[k]), pixels_of(call.out)});
    sum = pixels_of(call.out);
  }
}
template <class T>
void cpu_sum<T>::backward(host_context& c, const backward_call<T>& call) {
  for (int k = 0; k < call.inputs; ++k)
    if (call.d_in[k]) cpu<T>::move(c, call.d_out, call.d_in[k], call.write[k]);
}

}  // namespace backends

template <backends::activation_layer L, class T>
struct op<L, backends::cpu<T>> {
  using context = backends::host_context;
  static constexpr backends::cpu_activation<T> on{backends::activation_of{L{}}};

  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
};

template <class T>
struct op<add, backends::cpu<T>> : backends::cpu_sum<T> {};

template <class T>
struct op<concat, backends::cpu<T>> {
  using context = backends::host_context;
  static constexpr bool joins_in_place = true;

  static void forward(context& c, const forward_call<T>& call) {
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c) {
      const auto part = call.out.channels(first, call.in[k].size.c);
      if (part.data != call.in[k].data) backends::cpu<T>::move(c, call.in[k], part, gradient_write::overwrite);
    }
  }
  static void backward(context& c, const backward_call<T>& call) {
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c)
      if (call.d_in[k]) backends::cpu<T>::move(c, call.d_out.channels(first, call.in[k].size.c), call.d_in[k], call.write[k]);
  }
};

}  // namespace viseme
