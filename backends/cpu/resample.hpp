// Bilinear x2, maximum pooling over 2x2 and average pooling over any window.
#pragma once

#include <backends/cpu/backend.hpp>
#include <kernels/cpu/pooling.hpp>
#include <kernels/cpu/upsample2x.hpp>

namespace viseme {
namespace backends {

template <class T>
struct cpu_upsample {
  static cpu_kernels::upsample2x_shape sizes(shape x) { return {x.n, x.h, x.w, x.c, 2 * x.h, 2 * x.w}; }
  static void forward(host_context&, const forward_call<T>&);
  static void backward(host_context&, const backward_call<T>&);
};

template <class T>
void cpu_upsample<T>::forward(host_context& c, const forward_call<T>& call) {
  cpu_kernels::upsample2x(c.threads, c.set, {sizes(call.in[0].size), pixels_of(call.in[0]), pixels_of(call.out)});
}
template <class T>
void cpu_upsample<T>::backward(host_context& c, const backward_call<T>& call) {
  if (call.d_in[0])
    cpu_kernels::upsample2x_backward(c.threads, c.set, {sizes(call.d_in[0].size), pixels_of(call.d_out), pixels_of(call.d_in[0]), writing_of(call.write[0])});
}

template <class T>
struct cpu_max_pool {
  static cpu_kernels::pooling_shape sizes(shape x) { return {x.n, x.h, x.w, x.c}; }
  static void forward(host_context&, const forward_call<T>&);
  static void backward(host_context&, const backward_call<T>&);
};

template <class T>
void cpu_max_pool<T>::forward(host_context& c, const forward_call<T>& call) {
  cpu_kernels::max_pool2x2(c.threads, c.set, {sizes(call.in[0].size), pixels_of(call.in[0]), pixels_of(call.out)});
}
template <class T>
void cpu_max_pool<T>::backward(host_context& c, const backward_call<T>& call) {
  if (call.d_in[0])
    cpu_kernels::max_pool2x2_backward(c.threads, c.set, {sizes(call.in[0].size), pixels_of(call.in[0]), pixels_of(call.d_out), pixels_of(call.d_in[0]), writing_of(call.write[0])});
}

template <class T>
struct cpu_average_pool {
  static cpu_kernels::pooling_shape sizes(shape x, size2 window) { return {x.n, x.h, x.w, x.c, window}; }
  static void forward(host_context&, const forward_call<T>&, size2 window);
  static void backward(host_context&, const backward_call<T>&, size2 window);
};

template <class T>
void cpu_average_pool<T>::forward(host_context& c, const forward_call<T>& call, size2 window) {
  cpu_kernels::average_pool(c.threads, c.set, {sizes(call.in[0].size, window), pixels_of(call.in[0]), pixels_of(call.out)});
}
template <class T>
void cpu_average_pool<T>::backward(host_context& c, const backward_call<T>& call, size2 window) {
  if (call.d_in[0])
    cpu_kernels::average_pool_backward(c.threads, c.set, {sizes(call.d_in[0].size, window), pixels_of(call.d_out), pixels_of(call.d_in[0]), writing_of(call.write[0])});
}

}  // namespace backends

template <class T>
struct op<upsample2x, backends::cpu<T>> : backends::cpu_upsample<T> {};
template <class T>
struct op<max_pool<2>, backends::cpu<T>> : backends::cpu_max_pool<T> {};
template <backends::average_layer L, class T>
struct op<L, backends::cpu<T>> {
  static void forward(backends::host_context& c, const forward_call<T>& call) {
    backends::cpu_average_pool<T>::forward(c, call, backends::pooled_window<L>(call.in[0].size));
  }
  static void backward(backends::host_context& c, const backward_call<T>& call) {
    backends::cpu_average_pool<T>::backward(c, call, backends::pooled_window<L>(call.d_in[0].size));
  }
};

}  // namespace viseme
