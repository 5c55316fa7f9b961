// L2 normalisation of each sample.
#pragma once

#include <backends/cpu/backend.hpp>
#include <kernels/cpu/normalize.hpp>
#include <viseme/layers/normalize.hpp>

namespace viseme {
namespace backends {

template <class T>
struct cpu_normalize {
  static constexpr saves backward_reads{.input = true};
  static constexpr bool needs_dense = true;

  static std::ptrdiff_t values(shape s) { return std::ptrdiff_t(s.count()) / s.n; }
  static void forward(host_context&, const forward_call<T>&);
  static void backward(host_context&, const backward_call<T>&);
};

template <class T>
void cpu_normalize<T>::forward(host_context& c, const forward_call<T>& call) {
  cpu_kernels::normalize(c.threads, c.set, {call.out.size.n, values(call.out.size), dense(call.in[0]), dense(call.out)});
}
template <class T>
void cpu_normalize<T>::backward(host_context& c, const backward_call<T>& call) {
  if (call.d_in[0])
    cpu_kernels::normalize_backward(c.threads, c.set, {call.d_out.size.n, values(call.d_out.size), dense(call.d_out), dense(call.in[0]), dense(call.d_in[0]),
                                                       writing_of(call.write[0])});
}

}  // namespace backends

template <class T>
struct op<l2_normalize, backends::cpu<T>> : backends::cpu_normalize<T> {};

}  // namespace viseme
