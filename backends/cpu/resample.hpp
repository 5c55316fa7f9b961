// Bilinear x2 and 2x2 maximum pooling. Average pooling is the reference backend's: no net spends time in it.
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
  static cpu_kernels::pooling_shape sizes(shape x) { return {x.n, x.h, x.w, x.c, 2}; }
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

}  // namespace backends

template <class T>
struct op<upsample2x, backends::cpu<T>> : backends::cpu_upsample<T> {};
template <class T>
struct op<max_pool<2>, backends::cpu<T>> : backends::cpu_max_pool<T> {};

}  // namespace viseme
