// Inverted residuals in inference: whole blocks as one step, and in the decoder with the upsampling and the concatenation before them.
// There the first 1x1 convolution is applied to both parts of the concatenation apart, below the upsampling where it costs a quarter:
// W [up2(x); skip] = up2(W1 x) + W2 skip, exact but for rounding: one is linear over channels, the other over pixels. (The shift of the norm
// comes after the sum.)
#pragma once

#include <backends/cpu/inverted_residual_training.hpp>
#include <backends/cpu/pointwise.hpp>
#include <kernels/cpu/inverted_residual.hpp>
#include <viseme/layers/combine.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {
namespace backends {

/// The sizes of a block, and all that is done with them.
/// Packed: expand's weights and biases, depthwise's, project's; expand and depthwise padded to whole vectors of hidden channels.
template <class T, cpu_kernels::arithmetic How>
struct cpu_inverted_residual {
  using products = cpu_pointwise<T, How>;

  int in = 1, own_hidden = 1, out = 1, stride = 1;
  bool up = false, sum = false;

  struct parts {
    std::size_t expand, expand_bias, depthwise, depthwise_bias, project, project_bias, end;
  };

  int hidden() const { return cpu_kernels::padded_hidden(own_hidden); }
  cpu_kernels::inverted_residual_shape shape_of(const call_shapes& s) const {
    const shape x = s.in[up ? 1 : 0];
    return {x.n, {x.h, x.w}, x.c, hidden(), out, stride, up ? s.in[0].c : 0};
  }
  parts layout(const host_context& c) const;
  std::size_t packed_size(const host_context& c) const { return layout(c).end; }
  /// Weights of the three convolutions, each followed by its norm's five.
  void pack(host_context& c, const parameter_pointers<T>& p, T* to) const;
  void balance(const T* gamma, const T* beta, T* depthwise, T* bias, T* project) const;

  /// The hidden channels leave L2 and the weights do not fill it: measured on the nets' own shapes.
  bool pays(const cpu_kernels::inverted_residual_shape& s) const {
    return s.hidden <= 256 && std::size_t(s.images) * s.in.h * s.in.w * s.hidden >= (std::size_t(1) << 19);
  }
  std::size_t forward_scratch(const host_context& c, const call_shapes& s) const;
  void forward(host_context& c, const forward_call<T>& call) const;
  void layer_by_layer(host_context& c, const cpu_kernels::inverted_residual_arguments& a) const;
};

template <class T, cpu_kernels::arithmetic How>
auto cpu_inverted_residual<T, How>::layout(const host_context& c) const -> parts {
  const auto aligned = [](std::size_t n) { return (n + 15) / 16 * 16; };
  const std::size_t h = hidden();
  parts p{};
  p.expand_bias = aligned(products::packed_size(c, hidden(), in));
  p.depthwise = p.expand_bias + h;
  p.depthwise_bias = p.depthwise + 9 * h;
  p.project = p.depthwise_bias + h;
  p.project_bias = p.project + aligned(products::packed_size(c, out, hidden()));
  p.end = p.project_bias + out;
  return p;
}

/// mixed = relu(norm), so a channel may be made smaller there and its weights in `project` larger: the same function. Channels that are rounded
/// together are made alike by s = sqrt(value / largest weight), the value three deviations above the norm's mean (Nagel et al. 2019, Data-Free
/// Quantization Through Weight Equalization and Bias Correction).
template <class T, cpu_kernels::arithmetic How>
void cpu_inverted_residual<T, How>::balance(const T* gamma, const T* beta, T* depthwise, T* bias, T* project) const {
  for (int c = 0; c < own_hidden; ++c) {
    T most = 0;
    for (int o = 0; o < out; ++o) most = std::max(most, std::abs(project[std::size_t(o) * own_hidden + c]));
    const T value = beta[c] + 3 * std::abs(gamma[c]);
    if (!(most > 1e-6f) || !(value > 1e-6f)) continue;
    const T scale = std::sqrt(value / most);
    for (int k = 0; k < 9; ++k) depthwise[c * 9 + k] /= scale;
    bias[c] /= scale;
    for (int o = 0; o < out; ++o) project[std::size_t(o) * own_hidden + c] *= scale;
  }
}

template <class T, cpu_kernels::arithmetic How>
void cpu_inverted_residual<T, How>::pack(host_context& c, const parameter_pointers<T>& p, T* to) const {
  const parts at = layout(c);
  std::vector<T> expand(std::size_t(hidden()) * in), depthwise(std::size_t(hidden()) * 9), project(std::size_t(out) * own_hidden);
  std::fill_n(to + at.expand_bias, at.project - at.expand_bias, T(0));
  fold_norm<T>(own_hidden, in, p[0], nullptr, p.data() + 1, expand.data(), to + at.expand_bias);
  fold_norm<T>(own_hidden, 9, p[6], nullptr, p.data() + 7, depthwise.data(), to + at.depthwise_bias);
  fold_norm<T>(out, own_hidden, p[12], nullptr, p.data() + 13, project.data(), to + at.project_bias);
  if constexpr (How == cpu_kernels::arithmetic::int8) balance(p[7], p[8], depthwise.data(), to + at.depthwise_bias, project.data());
  if (hidden() != own_hidden) {
    std::vector<T> padded(std::size_t(out) * hidden());
    for (int o = 0; o < out; ++o) std::copy_n(&project[std::size_t(o) * own_hidden], own_hidden, &padded[std::size_t(o) * hidden()]);
    project = std::move(padded);
  }
  products::pack(c, hidden(), in, expand.data(), to + at.expand);
  cpu_kernels::pack_depthwise3x3(depthwise.data(), hidden(), to + at.depthwise);
  products::pack(c, out, hidden(), project.data(), to + at.project);
}

template <class T, cpu_kernels::arithmetic How>
std::size_t cpu_inverted_residual<T, How>::forward_scratch(const host_context& c, const call_shapes& sizes) const {
  const auto s = shape_of(sizes);
  const std::size_t pixels = std::size_t(s.images) * s.in.h * s.in.w, out_pixels = std::size_t(s.images) * s.out().h * s.out().w;
  if (pays(s)) return c.threads.threads() * cpu_kernels::inverted_residual_scratch(s, How);
  const std::size_t below = up ? products::scratch(pixels / 4, s.low_channels) : 0;
  return (pixels + out_pixels) * s.hidden + std::max({below, products::scratch(pixels, s.channels), products::scratch(out_pixels, s.hidden)});
}

template <class T, cpu_kernels::arithmetic How>
void cpu_inverted_residual<T, How>::forward(host_context& c, const forward_call<T>& call) const {
  const parts at = layout(c);
  cpu_kernels::inverted_residual_arguments a;
  a.shape = shape_of(call.sizes());
  a.x = pixels_of(call.in[up ? 1 : 0]);
  a.expand = call.packed + at.expand;
  a.expand_bias = call.packed + at.expand_bias;
  a.depthwise = call.packed + at.depthwise;
  a.depthwise_bias = call.packed + at.depthwise_bias;
  a.project = call.packed + at.project;
  a.project_bias = call.packed + at.project_bias;
  if (sum) a.residual = pixels_of(call.in[1]);
  a.y = pixels_of(call.out);
  if (up) a.low = pixels_of(call.in[0]);
  a.scratch = call.scratch;
  if (pays(a.shape)) cpu_kernels::inverted_residual<How>(c.threads, c.set, a);
  else layer_by_layer(c, a);
}

template <class T, cpu_kernels::arithmetic How>
void cpu_inverted_residual<T, How>::layer_by_layer(host_context& c, const cpu_kernels::inverted_residual_arguments& a) const {
  const auto& s = a.shape;
  const std::ptrdiff_t pixels = std::ptrdiff_t(s.images) * s.in.h * s.in.w, out_pixels = std::ptrdiff_t(s.images) * s.out().h * s.out().w;
  const cpu_kernels::pixels wide{a.scratch, s.hidden}, mixed{a.scratch + pixels * s.hidden, s.hidden};
  T* rest = a.scratch + (pixels + out_pixels) * s.hidden;
  cpu_kernels::const_pixels below;
  if (up) {  // `mixed` is free until then
    products::run(c, {.pixels = pixels / 4, .depth = s.low_channels, .columns = s.hidden, .of_depth = in, .x = a.low, .packed = a.expand, .y = mixed, .after = {}}, rest);
    cpu_kernels::upsample2x(c.threads, c.set, {{s.images, s.in.h / 2, s.in.w / 2, s.hidden, s.in.h, s.in.w}, mixed, wide});
    below = wide;
  }
  products::run(c, {.pixels = pixels, .depth = s.channels, .columns = s.hidden, .first_depth = s.low_channels, .of_depth = in, .x = a.x, .packed = a.expand, .y = wide,
                    .after = {a.expand_bias, below, cpu_kernels::activation::relu, 0}}, rest);
  cpu_kernels::depthwise3x3(c.threads, c.set, {{s.images, s.in.h, s.in.w, s.hidden, s.stride}, wide, a.depthwise, mixed, a.depthwise_bias, {}, cpu_kernels::activation::relu, 0});
  products::run(c, {.pixels = out_pixels, .depth = s.hidden, .columns = s.filters, .from_zero = true, .x = mixed, .packed = a.project, .y = a.y,
                    .after = {a.project_bias, a.residual, cpu_kernels::activation::none, 0}}, rest);
}

/// Three convolutions that make an inverted residual.
constexpr bool is_inverted_residual(conv a, conv b, conv c) {
  const auto plain = [](conv s) { return s == conv{.in = s.in, .out = s.out}; };
  return plain(a) && b == conv{.in = a.out, .out = a.out, .kernel = {3, 3}, .stride = b.stride, .pad = {1, 1}, .groups = a.out} && b.stride.h == b.stride.w &&
         b.stride.h <= 2 && plain(c);
}

template <class Backend, conv A, conv B, conv C, bool Up, bool Sum>
struct cpu_inverted_residual_op {
  using T = typename Backend::scalar;
  using context = host_context;
  static constexpr cpu_inverted_residual<T, Backend::products> on{A.in, A.out, C.out, B.stride.h, Up, Sum};

  static std::size_t packed_size(const context& c) { return on.packed_size(c); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) { on.pack(c, p, to); }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
};

/// And the op that training takes instead, where that pays.
template <class Backend, conv A, conv B, conv C, bool Sum>
struct cpu_whole_inverted_residual_op : cpu_inverted_residual_op<Backend, A, B, C, false, Sum> {};
template <class Backend, conv A, conv B, conv C, bool Sum>
  requires(Backend::products == cpu_kernels::arithmetic::fp32 && cpu_trains_whole(A.out))
struct cpu_whole_inverted_residual_op<Backend, A, B, C, Sum> : cpu_inverted_residual_op<Backend, A, B, C, false, Sum> {
  using training = cpu_inverted_residual_training_op<typename Backend::scalar, A.in, A.out, C.out, B.stride.h, Sum>;
};

/// The backend's own arithmetic where it pays: narrow products of a few channels cost more to prepare than they save.
template <class Backend>
concept cpu_backend = requires { Backend::products; };
template <class Backend>
constexpr bool cpu_fuses(conv a, conv b, conv c) {
  return is_inverted_residual(a, b, c) && (Backend::products == cpu_kernels::arithmetic::fp32 || a.in >= 16);
}

}  // namespace backends

template <conv A, conv B, conv C, int H, int O, backends::cpu_backend Backend>
  requires(backends::cpu_fuses<Backend>(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>>, Backend>
    : backends::cpu_whole_inverted_residual_op<Backend, A, B, C, false> {};
template <conv A, conv B, conv C, int H, int O, backends::cpu_backend Backend>
  requires(backends::cpu_fuses<Backend>(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>, add>, Backend>
    : backends::cpu_whole_inverted_residual_op<Backend, A, B, C, true> {};
template <conv A, conv B, conv C, int H, int O, backends::cpu_backend Backend>
  requires(backends::cpu_fuses<Backend>(A, B, C) && B.stride.h == 1)
struct op<fused<upsample2x, concat, conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>>, Backend>
    : backends::cpu_inverted_residual_op<Backend, A, B, C, true, false> {};

}  // namespace viseme
