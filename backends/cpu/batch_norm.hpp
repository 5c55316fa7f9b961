// Batch norm as a layer of its own (training, or frozen under a loss), fused with the sum and the activation behind it, both ways.
#pragma once

#include <backends/cpu/backend.hpp>
#include <kernels/cpu/batch_norm.hpp>
#include <viseme/layers/batch_norm.hpp>

namespace viseme {
namespace backends {

/// `statistics` holds mean, 1 / std, scale and shift; with running statistics they are made in the scratch instead.
template <class T>
struct cpu_norm {
  activation_of act{};
  bool sum = false;

  static std::size_t scratch(shape s) { return 2 * cpu_kernels::batch_norm_scratch_size(s.pixels(), s.c) + 4 * std::size_t(s.c); }
  static double* sums(float* scratch) { return reinterpret_cast<double*>(scratch); }
  static float* running(float* scratch, shape s) { return scratch + 2 * cpu_kernels::batch_norm_scratch_size(s.pixels(), s.c); }

  static void freeze(int c, const parameter_pointers<T>& p, float* to) {
    std::copy_n(p[2], c, to);
    cpu_kernels::batch_norm_frozen(c, p[0], p[1], p[2], p[3], float(batch_norm<1>::eps), to + c, to + 2 * c, to + 3 * c);
  }

  void forward(host_context& c, const forward_call<T>& call) const;
  /// With the statistics that forward() left.
  void recompute(host_context& c, const forward_call<T>& call) const;

  void backward(host_context& c, const backward_call<T>& call) const;
};

template <class T>
void cpu_norm<T>::forward(host_context& c, const forward_call<T>& call) const {
  const shape s = call.out.size;
  const auto& p = call.parameters;
  if (float* st = call.statistics)
    cpu_kernels::batch_norm_statistics(c.threads, c.set, {std::ptrdiff_t(s.pixels()), s.c, pixels_of(call.in[0]), p[0], p[1], st, st + s.c, st + 2 * s.c, st + 3 * s.c, p[2], p[3],
                                                          float(batch_norm<1>::momentum), float(batch_norm<1>::eps), sums(call.scratch)});
  recompute(c, call);
}

template <class T>
void cpu_norm<T>::recompute(host_context& c, const forward_call<T>& call) const {
  const shape s = call.out.size;
  const float* st = call.statistics;
  if (!st) {
    float* own = running(call.scratch, s);
    freeze(s.c, call.parameters, own);
    st = own;
  }
  cpu_kernels::batch_norm_apply(c.threads, c.set, {std::ptrdiff_t(s.pixels()), s.c, pixels_of(call.in[0]), st + 2 * s.c, st + 3 * s.c, pixels_of(call.out),
                                                   sum ? pixels_of(call.in[1]) : cpu_kernels::const_pixels{}, act.act, act.slope});
}

template <class T>
void cpu_norm<T>::backward(host_context& c, const backward_call<T>& call) const {
  const shape s = call.d_out.size;
  float* own = running(call.scratch, s);
  if (!call.statistics) freeze(s.c, call.parameters, own);
  const float* st = call.statistics ? call.statistics : own;
  cpu_kernels::batch_norm_backward_arguments a;
  a.pixels = s.pixels();
  a.channels = s.c;
  a.dy = pixels_of(call.d_out);
  a.x = pixels_of(call.in[0]);
  if (sum) a.y = pixels_of(call.out);
  a.mean = st;
  a.inv_std = st + s.c;
  a.scale = st + 2 * s.c;
  a.shift = st + 3 * s.c;
  a.act = act.act;
  a.slope = act.slope;
  a.dx = pixels_of(call.d_in[0]);
  a.dx_how = writing_of(call.write[0]);
  if (sum && call.d_in[1]) a.d_residual = pixels_of(call.d_in[1]), a.d_residual_how = writing_of(call.write[1]);
  a.dgamma = call.d_parameters[0];
  a.dbeta = call.d_parameters[1];
  a.frozen = !call.statistics;
  a.scratch = sums(call.scratch);
  cpu_kernels::batch_norm_backward(c.threads, c.set, a);
}

template <class T, int C, class... Tail>
struct cpu_norm_op {
  using context = host_context;
  using tail = tail_of<Tail...>;
  static constexpr cpu_norm<T> on{tail::act, tail::sum};
  static constexpr bool gradient_over_input = true;
  static constexpr saves backward_reads{.input = true, .output = tail::sum, .statistics = 4 * C};

  static std::size_t forward_scratch(const context&, const call_shapes& s) { return cpu_norm<T>::scratch(s.out); }
  static std::size_t backward_scratch(const context&, const call_shapes& s) { return cpu_norm<T>::scratch(s.out); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
  static void recompute(context& c, const forward_call<T>& call) { on.recompute(c, call); }
};

/// Tails whose slope follows from the output's sign alone.
template <class... Tail>
concept norm_tail = known_tail<Tail...> && !(std::is_same_v<Tail, sigmoid> || ...);

}  // namespace backends

template <int C, class T>
struct op<batch_norm<C>, backends::cpu<T>> : backends::cpu_norm_op<T, C> {};
template <int C, class... Tail, class T>
  requires(sizeof...(Tail) > 0 && backends::norm_tail<Tail...>)
struct op<fused<batch_norm<C>, Tail...>, backends::cpu<T>> : backends::cpu_norm_op<T, C, Tail...> {};

}  // namespace viseme
