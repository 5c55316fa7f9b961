// L1 and MSE on pixels, the cosine loss on embeddings, and Adam.
#pragma once

#include <backends/cpu/backend.hpp>
#include <kernels/cpu/adam.hpp>
#include <kernels/cpu/losses.hpp>
#include <viseme/losses/losses.hpp>

namespace viseme {
namespace backends {

template <class T>
struct cpu_learning {
  static double mean_error(host_context&, const loss_call<T>&, cpu_kernels::distance);
  static double cosine_bce(host_context&, const loss_call<T>&);
  static void update(host_context&, const adam_call<T>&);
};

template <class T>
double cpu_learning<T>::mean_error(host_context& c, const loss_call<T>& call, cpu_kernels::distance kind) {
  const shape s = call.a.size;
  double loss = 0;
  const std::ptrdiff_t pixels = s.pixels();
  cpu_kernels::mean_error(c.threads, c.set, {pixels, s.c, kind, pixels_of(call.a), pixels_of(call.b), pixels_of(call.d_a), writing_of(call.write_a), float(call.weight),
                                             &loss, c.doubles(cpu_kernels::mean_error_scratch_size(pixels, s.c))});
  return loss;
}

template <class T>
double cpu_learning<T>::cosine_bce(host_context& c, const loss_call<T>& call) {
  const int n = call.a.size.n;
  double loss = 0;
  cpu_kernels::synchrony_loss(c.threads, c.set, {.n = n, .count = std::ptrdiff_t(call.a.size.count()) / n, .a = dense(call.a), .v = dense(call.b), .labels = call.labels,
                                                 .da = dense(call.d_a), .dv = dense(call.d_b), .da_how = writing_of(call.write_a), .dv_how = writing_of(call.write_b),
                                                 .weight = float(call.weight), .loss = &loss, .scratch = c.doubles(std::size_t(n))});
  return loss;
}

template <class T>
void cpu_learning<T>::update(host_context& c, const adam_call<T>& a) {
  cpu_kernels::adam(c.threads, c.set, {std::ptrdiff_t(a.count), a.weight, a.first_moment, a.second_moment, a.gradient, a.step, a.rule.lr, a.rule.beta1, a.rule.beta2,
                                       a.rule.eps, float(a.gradient_scale)});
}

}  // namespace backends

template <class T>
struct op<l1_loss, backends::cpu<T>> {
  static double run(backends::host_context& c, const loss_call<T>& call) { return backends::cpu_learning<T>::mean_error(c, call, kernels::cpu::distance::absolute); }
};
template <class T>
struct op<mse_loss, backends::cpu<T>> {
  static double run(backends::host_context& c, const loss_call<T>& call) { return backends::cpu_learning<T>::mean_error(c, call, kernels::cpu::distance::squared); }
};
template <class T>
struct op<cosine_bce_loss, backends::cpu<T>> {
  static double run(backends::host_context& c, const loss_call<T>& call) { return backends::cpu_learning<T>::cosine_bce(c, call); }
};
template <class T>
struct op<adam, backends::cpu<T>> {
  static void run(backends::host_context& c, const adam_call<T>& call) { backends::cpu_learning<T>::update(c, call); }
};

}  // namespace viseme
