// One backend for two places: the kernels of kernels/simt on a GPU (place: backends/cuda) or emulated on the host (backends/emulated).
#pragma once

#include <algorithm>
#include <span>

#include <backends/fusions.hpp>
#include <kernels/simt/layout.hpp>
#include <viseme/core/view.hpp>
#include <viseme/layers/activation.hpp>
#include <viseme/layers/combine.hpp>
#include <viseme/run/backend.hpp>
#include <viseme/run/op.hpp>

namespace viseme::backends {

/// A channels-last view as the kernels take it.
template <class T>
simt::pixels<T> simt_pixels(view<T> v) {
  return {v.data, v.step.w};
}
inline simt::writing simt_writing(gradient_write w) {
  return w == gradient_write::accumulate ? simt::writing::accumulate : simt::writing::overwrite;
}

/// Place: `context`, `buffer`, `name`, and a function template launch(context&, simt::grid, const Kernel&) found by its context; defined
/// apart, so that what launches (here and in the ops: members defined outside their class templates) is compiled once, in */instantiate.
/// The context has, beside what every context has, `staging(count)`: floats of the place's memory for values on their way, valid until the
/// next call; and `send(values, count, read)`, which calls read(values in the place's memory), valid for what that launches.
template <class Place, class T>
struct simt_backend {
  static_assert(std::is_same_v<T, float> || is_half<T>, "kernels/simt computes in float, stored as float, bf16 or fp16");
  using scalar = T;
  using fallback = void;
  using context = typename Place::context;
  using buffer = typename Place::buffer;
  static constexpr layout preferred = layout::nhwc;
  static constexpr const char* name = Place::name;
  static constexpr auto& fusions = usual_fusions;

  /// Between dense NCHW float32 on the host and the backend's own views; and between two of these.
  static void load(context&, const float* nchw, view<T> to);
  static void store(context&, view<const T> from, float* nchw);
  static void move(context&, view<const T> from, view<T> to, gradient_write);
  static void increment(context&, std::span<float* const> counters);

private:
  static simt::planes planes_of(shape s) { return {s.n, s.c, s.h * s.w}; }
};

template <class P, class T>
void simt_backend<P, T>::load(context& c, const float* nchw, view<T> to) {
  c.send(nchw, to.size.count(), [&](const float* sent) {
    const simt::from_nchw<T> k{planes_of(to.size), sent, simt_pixels(to)};
    launch(c, k.blocks(), k);
  });
}
template <class P, class T>
void simt_backend<P, T>::store(context& c, view<const T> from, float* nchw) {
  float* staged = c.staging(from.size.count());
  const simt::to_nchw<T> k{planes_of(from.size), simt_pixels(from), staged};
  launch(c, k.blocks(), k);
  c.download(nchw, staged, from.size.count() * sizeof(float));
}
template <class P, class T>
void simt_backend<P, T>::increment(context& c, std::span<float* const> counters) {
  for (std::size_t first = 0; first < counters.size(); first += simt::increment::most) {
    simt::increment k{{}, int(std::min<std::size_t>(counters.size() - first, simt::increment::most))};
    std::copy_n(counters.begin() + first, k.count, k.number);
    launch(c, {1}, k);
  }
}

/// An activation layer in the kernels' words.
struct simt_activation {
  simt::activation act = simt::activation::none;
  float slope = 0;

  constexpr simt_activation() = default;
  constexpr simt_activation(relu) : act(simt::activation::relu) {}
  constexpr simt_activation(sigmoid) : act(simt::activation::sigmoid) {}
  template <int D>
  constexpr simt_activation(leaky_relu<D>) : act(simt::activation::leaky_relu), slope(float(leaky_relu<D>::slope)) {}
};

template <class L>
concept simt_activates = std::is_constructible_v<simt_activation, L>;

/// What follows a convolution or a norm in a fused group: nothing, an activation, a sum, or a sum and an activation.
template <class... L>
struct simt_tail;
template <>
struct simt_tail<> {
  static constexpr bool sum = false;
  static constexpr simt_activation act{};
};
template <simt_activates A>
struct simt_tail<A> {
  static constexpr bool sum = false;
  static constexpr simt_activation act{A{}};
};
template <>
struct simt_tail<add> {
  static constexpr bool sum = true;
  static constexpr simt_activation act{};
};
template <simt_activates A>
struct simt_tail<add, A> {
  static constexpr bool sum = true;
  static constexpr simt_activation act{A{}};
};

template <class... L>
concept simt_tail_known = requires { sizeof(simt_tail<L...>); };

}  // namespace viseme::backends
