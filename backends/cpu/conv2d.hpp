// Convolutions: dense ones by packed products or Winograd's algorithm, 3x3 depthwise ones along the channels; in inference with the norm
// folded into weights and bias and the sum and activation behind it in the same pass. Everything else (other grouped convolutions) is the reference backend's.
#pragma once

#include <cmath>
#include <vector>

#include <backends/cpu/backend.hpp>
#include <kernels/cpu/dense_convolution.hpp>
#include <kernels/cpu/dense_convolution_weights.hpp>
#include <kernels/cpu/depthwise3x3.hpp>
#include <kernels/cpu/winograd3x3.hpp>
#include <viseme/layers/batch_norm.hpp>
#include <viseme/layers/conv2d.hpp>

namespace viseme {
namespace backends {

constexpr bool cpu_convolves(conv s) {
  const bool depthwise = s.groups == s.in && s.in == s.out && s.kernel == size2{3, 3} && s.pad == size2{1, 1} && s.stride.h == s.stride.w && s.stride.h <= 2;
  return s.groups == 1 || depthwise;
}

/// A norm behind a convolution of weights (out, each) and biases (out, or null), put into both. norm: gamma, beta, running mean, running
/// variance. w' = w gamma / sqrt(var + eps), b' = (b - mean) gamma / sqrt(var + eps) + beta.
template <class T>
void fold_norm(int out, std::size_t each, const T* weight, const T* bias, T* const* norm, T* folded, T* shift) {
  for (int o = 0; o < out; ++o) {
    const double scale = norm[0][o] / std::sqrt(double(norm[3][o]) + batch_norm<1>::eps);
    for (std::size_t k = o * each; k < (o + 1) * each; ++k) folded[k] = T(weight[k] * scale);
    shift[o] = T(((bias ? bias[o] : 0.0) - norm[2][o]) * scale + norm[1][o]);
  }
}

/// Winograd's kernels, compiled in a file of their own.
template <class T>
struct cpu_winograd {
  static void pack(host_context&, const cpu_kernels::winograd3x3_shape&, cpu_kernels::direction, const T* weight, T* packed);
  static void run(host_context&, const cpu_kernels::winograd3x3_arguments&);
};

template <class T>
void cpu_winograd<T>::pack(host_context& c, const cpu_kernels::winograd3x3_shape& s, cpu_kernels::direction to, const T* weight, T* packed) {
  cpu_kernels::pack_winograd3x3(c.threads, c.set, s, to, weight, packed);
}
template <class T>
void cpu_winograd<T>::run(host_context& c, const cpu_kernels::winograd3x3_arguments& a) {
  cpu_kernels::winograd3x3(c.threads, c.set, a);
}

/// One function for every convolution; sizes are run-time numbers, so that a net's many layers compile once.
/// Packed: the kernels' weights, then `out` biases.
template <class T>
struct cpu_convolution {
  conv s;

  bool dense() const { return s.groups == 1; }

  /// Output tile of Winograd's algorithm, or 0 where direct products are faster, measured on the nets' own shapes. Of wide layers the maps are
  /// small: reading four times the weights, as tile 4 has them, would take longer than the products it spares.
  int winograd_tile(cpu_kernels::direction to) const {
    const bool three = s == conv{.in = s.in, .out = s.out, .kernel = {3, 3}, .pad = {1, 1}, .bias = s.bias};
    const bool five = s == conv{.in = s.in, .out = s.out, .kernel = {5, 5}, .stride = {2, 2}, .pad = {1, 1}, .bias = s.bias} && to == cpu_kernels::direction::forward;
    if (!(three || five) || s.in % 16 || s.out % 16 || s.in < 32 || s.out < 32) return 0;
    return s.in * s.out <= 128 * 128 ? 4 : 2;
  }
  cpu_kernels::winograd3x3_shape winograd_shape(shape x, cpu_kernels::direction to) const {
    const bool forward = to == cpu_kernels::direction::forward;
    return {x.n, {x.h, x.w}, forward ? s.in : s.out, forward ? s.out : s.in, winograd_tile(to), s.stride.h, s.pad.h};
  }
  std::size_t winograd_scratch(const host_context& c, shape x, cpu_kernels::direction to) const {
    return winograd_tile(to) ? cpu_kernels::winograd3x3_scratch(winograd_shape(x, to), c.threads.threads()) : 0;
  }
  cpu_kernels::dense_shape dense_shape(shape x) const { return {x.n, s.in, s.out, {x.h, x.w}, s.kernel, s.stride, s.pad}; }
  cpu_kernels::depthwise3x3_shape depthwise_shape(shape x) const { return {x.n, x.h, x.w, s.in, s.stride.h}; }
  std::size_t weight_count() const { return std::size_t(s.out) * (s.in / s.groups) * s.kernel.h * s.kernel.w; }

  std::size_t packed_weights(const host_context& c, cpu_kernels::direction to) const;
  std::size_t packed_size(const host_context&) const;

  void pack_weights(host_context& c, cpu_kernels::direction to, const T* weight, T* packed) const;
  void pack(host_context& c, const T* weight, const T* bias, T* packed) const {
    pack_weights(c, cpu_kernels::direction::forward, weight, packed);
    float* to = packed + packed_weights(c, cpu_kernels::direction::forward);
    for (int o = 0; o < s.out; ++o) to[o] = bias ? bias[o] : 0;
  }
  void pack_folded(host_context& c, const T* weight, const T* bias, T* const* norm, T* packed) const;
  std::size_t forward_scratch(const host_context& c, const call_shapes& sizes) const { return winograd_scratch(c, sizes.in[0], cpu_kernels::direction::forward); }
  void forward(host_context& c, const forward_call<T>& call, activation_of act, bool sum) const;
  std::size_t backward_scratch(const host_context& c, const call_shapes& sizes) const;
  /// The weights' gradient first: then d_in may be written over in.
  void backward(host_context& c, const backward_call<T>& call) const;
  void add_weight_gradient(host_context& c, const backward_call<T>& call) const;
  void add_bias_gradient(const backward_call<T>& call) const;
};

template <class T>
std::size_t cpu_convolution<T>::packed_weights(const host_context& c, cpu_kernels::direction to) const {
  const std::size_t n = winograd_tile(to) ? cpu_kernels::winograd3x3_packed_size(winograd_shape({}, to))
                        : dense()       ? cpu_kernels::packed_size(c.set, dense_shape({1, s.in, s.kernel.h, s.kernel.w}), to)
                                        : weight_count();
  return (n + 15) / 16 * 16;
}

template <class T>
std::size_t cpu_convolution<T>::packed_size(const host_context& c) const {
  return packed_weights(c, cpu_kernels::direction::forward) + s.out;
}

template <class T>
void cpu_convolution<T>::pack_weights(host_context& c, cpu_kernels::direction to, const T* weight, T* packed) const {
  if (winograd_tile(to)) cpu_winograd<T>::pack(c, winograd_shape({}, to), to, weight, packed);
  else if (dense()) cpu_kernels::pack(c.threads, c.set, dense_shape({1, s.in, s.kernel.h, s.kernel.w}), to, weight, packed);
  else cpu_kernels::pack_depthwise3x3(weight, s.in, packed);
}

template <class T>
void cpu_convolution<T>::pack_folded(host_context& c, const T* weight, const T* bias, T* const* norm, T* packed) const {
  std::vector<float> folded(weight_count()), shift(s.out);
  fold_norm(s.out, weight_count() / s.out, weight, bias, norm, folded.data(), shift.data());
  pack(c, folded.data(), shift.data(), packed);
}

template <class T>
void cpu_convolution<T>::forward(host_context& c, const forward_call<T>& call, activation_of act, bool sum) const {
  const auto x = call.in[0];
  const float* bias = call.packed + packed_weights(c, cpu_kernels::direction::forward);
  const auto residual = sum ? pixels_of(call.in[1]) : cpu_kernels::const_pixels{};
  const cpu_kernels::epilogue after{bias, residual, act.act, act.slope};
  if (winograd_tile(cpu_kernels::direction::forward))
    cpu_winograd<T>::run(c, {winograd_shape(x.size, cpu_kernels::direction::forward), pixels_of(x), call.packed, pixels_of(call.out), after, call.scratch});
  else if (dense())
    cpu_kernels::forward(c.threads, c.set, {dense_shape(x.size), pixels_of(x), call.packed, pixels_of(call.out), after});
  else
    cpu_kernels::depthwise3x3(c.threads, c.set, {depthwise_shape(x.size), pixels_of(x), call.packed, pixels_of(call.out), bias, residual, act.act, act.slope});
}

template <class T>
std::size_t cpu_convolution<T>::backward_scratch(const host_context& c, const call_shapes& sizes) const {
  const shape x = sizes.in[0];
  const std::size_t weights = dense() ? cpu_kernels::scratch_size(c.set, dense_shape(x)) : cpu_kernels::depthwise3x3_scratch_size(depthwise_shape(x)) + weight_count();
  const auto back = cpu_kernels::direction::backward_data;
  return std::max(packed_weights(c, back) + winograd_scratch(c, x, back), weights);
}

template <class T>
void cpu_convolution<T>::backward(host_context& c, const backward_call<T>& call) const {
  if (call.d_parameters[0]) add_weight_gradient(c, call);
  if (!call.d_in[0]) return;
  const shape x = call.in[0].size;
  const auto back = cpu_kernels::direction::backward_data;
  pack_weights(c, back, call.parameters[0], call.scratch);
  const auto how = writing_of(call.write[0]);
  if (winograd_tile(back)) {
    const auto dx = pixels_of(call.d_in[0]);
    const auto before = how == cpu_kernels::writing::accumulate ? cpu_kernels::const_pixels(dx) : cpu_kernels::const_pixels{};
    cpu_winograd<T>::run(c, {winograd_shape(x, back), pixels_of(call.d_out), call.scratch, dx, {nullptr, before}, call.scratch + packed_weights(c, back)});
  } else if (dense()) cpu_kernels::backward_data(c.threads, c.set, {dense_shape(x), pixels_of(call.d_out), call.scratch, pixels_of(call.d_in[0]), how});
  else cpu_kernels::depthwise3x3_backward_data(c.threads, c.set, {depthwise_shape(x), pixels_of(call.d_out), call.scratch, pixels_of(call.d_in[0]), how});
}

template <class T>
void cpu_convolution<T>::add_weight_gradient(host_context& c, const backward_call<T>& call) const {
  const shape x = call.in[0].size;
  if (dense()) {
    cpu_kernels::backward_weights(c.threads, c.set, {dense_shape(x), pixels_of(call.in[0]), pixels_of(call.d_out), call.d_parameters[0],
                                                     s.bias ? call.d_parameters[1] : nullptr, call.scratch, cpu_kernels::writing::accumulate});
  } else {
    float* packed = call.scratch + cpu_kernels::depthwise3x3_scratch_size(depthwise_shape(x));
    cpu_kernels::depthwise3x3_backward_weights(c.threads, c.set, {depthwise_shape(x), pixels_of(call.in[0]), pixels_of(call.d_out), packed, call.scratch});
    for (int ch = 0; ch < s.in; ++ch)
      for (int k = 0; k < 9; ++k) call.d_parameters[0][ch * 9 + k] += packed[k * s.in + ch];
    if (s.bias) add_bias_gradient(call);
  }
}

template <class T>
void cpu_convolution<T>::add_bias_gradient(const backward_call<T>& call) const {
  for (int ch = 0; ch < s.out; ++ch) {
    double sum = 0;
    for (int n = 0; n < call.d_out.size.n; ++n)
      for (int h = 0; h < call.d_out.size.h; ++h)
        for (int w = 0; w < call.d_out.size.w; ++w) sum += call.d_out(n, ch, h, w);
    call.d_parameters[1][ch] += float(sum);
  }
}

}  // namespace backends

template <conv S, class T>
  requires(backends::cpu_convolves(S))
struct op<conv2d<S>, backends::cpu<T>> {
  using context = backends::host_context;
  static constexpr backends::cpu_convolution<T> on{S};
  static constexpr bool gradient_over_input = true;

  static std::size_t packed_size(const context& c) { return on.packed_size(c); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) { on.pack(c, p[0], S.bias ? p[1] : nullptr, to); }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call, {}, false); }
  static std::size_t backward_scratch(const context& c, const call_shapes& s) { return on.backward_scratch(c, s); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
};

template <conv S, backends::activation_layer A, class T>
  requires(backends::cpu_convolves(S))
struct op<fused<conv2d<S>, A>, backends::cpu<T>> {
  using context = backends::host_context;
  static constexpr backends::cpu_convolution<T> on{S};

  static std::size_t packed_size(const context& c) { return on.packed_size(c); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) { on.pack(c, p[0], S.bias ? p[1] : nullptr, to); }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call, A{}, false); }
};

template <conv S, int C, class... Tail, class T>
  requires(backends::cpu_convolves(S) && backends::known_tail<Tail...>)
struct op<fused<conv2d<S>, batch_norm<C>, Tail...>, backends::cpu<T>> {
  using context = backends::host_context;
  using tail = backends::tail_of<Tail...>;
  static constexpr backends::cpu_convolution<T> on{S};

  static std::size_t packed_size(const context& c) { return on.packed_size(c); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) {
    on.pack_folded(c, p[0], S.bias ? p[1] : nullptr, p.data() + 1 + S.bias, to);
  }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call, tail::act, tail::sum); }
};

}  // namespace viseme
