// The fast host backend: channels-last float, kernels of kernels/cpu for the best instruction set of the machine.
#pragma once

#include <backends/fusions.hpp>
#include <backends/reference/reference.hpp>
#include <kernels/cpu/elementwise.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/layout.hpp>
#include <kernels/cpu/pixels.hpp>
#include <viseme/core/error.hpp>
#include <viseme/run/op.hpp>

namespace viseme::backends {

namespace cpu_kernels = kernels::cpu;

/// A channels-last view as the kernels take it.
inline cpu_kernels::const_pixels pixels_of(view<const float> v) { return {v.data, v.step.w}; }
inline cpu_kernels::pixels pixels_of(view<float> v) { return {v.data, v.step.w}; }
/// The numbers of a view without gaps, or null of none.
template <class T>
T* dense(view<T> v) {
  if (v && !v.dense(layout::nhwc)) throw error("view", "it has gaps between its pixels", "give one that is dense");
  return v.data;
}
inline cpu_kernels::writing writing_of(gradient_write w) {
  return w == gradient_write::accumulate ? cpu_kernels::writing::accumulate : cpu_kernels::writing::overwrite;
}

/// T is the scalar of activations and weights: float.
template <class T>
struct cpu {
  static_assert(std::is_same_v<T, float>, "the cpu backend has kernels for float");
  using scalar = T;
  using fallback = reference<T>;
  using context = host_context;
  using buffer = host_buffer;
  static constexpr layout preferred = layout::nhwc;
  static constexpr const char* name = "cpu";
  static constexpr auto& fusions = usual_fusions;
  static constexpr cpu_kernels::arithmetic products = cpu_kernels::arithmetic::fp32;

  /// Between dense NCHW float32 outside and the backend's own views; and between two of these.
  static void load(context&, const float* nchw, view<T> to);
  static void store(context&, view<const T> from, float* nchw);
  static void move(context&, view<const T> from, view<T> to, gradient_write);
  static void increment(context&, std::span<T* const> counters) { increment_each(counters); }
};

/// The same, with the 1x1 convolutions of inverted residuals in narrow numbers; values between layers stay float. For inference only.
template <cpu_kernels::arithmetic How>
struct cpu_narrow : cpu<float> {
  using fallback = cpu<float>;
  static constexpr cpu_kernels::arithmetic products = How;
};
using cpu_bf16 = cpu_narrow<cpu_kernels::arithmetic::bf16>;
using cpu_int8 = cpu_narrow<cpu_kernels::arithmetic::int8>;

template <class T>
void cpu<T>::load(context& c, const float* nchw, view<T> to) {
  cpu_kernels::to_nhwc(c.threads, c.set, {to.size.n, to.size.c, std::ptrdiff_t(to.size.h) * to.size.w, nchw, pixels_of(to)});
}
template <class T>
void cpu<T>::store(context& c, view<const T> from, float* nchw) {
  cpu_kernels::to_nchw(c.threads, c.set, {from.size.n, from.size.c, std::ptrdiff_t(from.size.h) * from.size.w, pixels_of(from), nchw});
}
template <class T>
void cpu<T>::move(context& c, view<const T> from, view<T> to, gradient_write write) {
  cpu_kernels::copy(c.threads, c.set, {std::ptrdiff_t(to.size.pixels()), to.size.c, pixels_of(from), pixels_of(to), 1, writing_of(write)});
}

/// An activation layer in the kernels' words.
struct activation_of {
  cpu_kernels::activation act = cpu_kernels::activation::none;
  float slope = 0;

  constexpr activation_of() = default;
  constexpr activation_of(relu) : act(cpu_kernels::activation::relu) {}
  constexpr activation_of(sigmoid) : act(cpu_kernels::activation::sigmoid) {}
  template <int D>
  constexpr activation_of(leaky_relu<D>) : act(cpu_kernels::activation::leaky_relu), slope(float(leaky_relu<D>::slope)) {}
};

/// What follows a convolution or a norm in a fused group: nothing, an activation, a sum, or a sum and an activation.
template <class... L>
struct tail_of;
template <>
struct tail_of<> {
  static constexpr bool sum = false;
  static constexpr activation_of act{};
};
template <activation_layer A>
struct tail_of<A> {
  static constexpr bool sum = false;
  static constexpr activation_of act{A{}};
};
template <>
struct tail_of<add> {
  static constexpr bool sum = true;
  static constexpr activation_of act{};
};
template <activation_layer A>
struct tail_of<add, A> {
  static constexpr bool sum = true;
  static constexpr activation_of act{A{}};
};

template <class... L>
concept known_tail = requires { sizeof(tail_of<L...>); };

}  // namespace viseme::backends
