// Inverted residuals in training, as one step: the three products keep what they give before its norm, and nothing else of the hidden
// channels is written forward; backward the gradient of one of them. The norms' second passes are taken by whoever reads.
#pragma once

#include <backends/cpu/batch_norm.hpp>
#include <backends/cpu/conv2d.hpp>
#include <kernels/cpu/normalized_depthwise3x3.hpp>

namespace viseme::backends {

/// x (in) -> expanded (hidden) -> mixed (hidden) -> projected (out), each followed by a norm, the first two by a relu too.
/// Parameters: the weights of each of the three convolutions and behind them its norm's five.
/// Statistics: of each norm mean, 1 / std, scale and shift.
template <class T>
struct cpu_inverted_residual_training {
  int in = 1, hidden = 16, out = 1, stride = 1;
  bool sum = false;

  cpu_convolution<T> expand() const { return {{.in = in, .out = hidden}}; }
  cpu_convolution<T> project() const { return {{.in = hidden, .out = out}}; }
  cpu_kernels::depthwise3x3_shape mix(shape x) const { return {x.n, x.h, x.w, hidden, stride}; }
  static constexpr int statistics(int hidden, int out) { return 4 * (2 * hidden + out); }

  /// What both passes work with, in the order of memory.
  struct memory {
    float *packed_expand, *packed_mix, *packed_project, *frozen, *threads, *sums, *mix_gradient, *d_expanded;
    double *expand_sums, *mix_sums, *project_sums;
    std::size_t floats;
  };
  memory lay_out(const host_context& c, shape x, shape y, cpu_kernels::direction to, float* from) const;
  std::size_t scratch(const host_context& c, const call_shapes& s, cpu_kernels::direction to) const {
    return lay_out(c, s.in[0], s.out, to, nullptr).floats;
  }

  struct values {
    cpu_kernels::pixels expanded, mixed, projected;
  };
  values kept(shape x, shape y, float* at) const {
    float* mixed = at + x.pixels() * hidden;
    return {{at, hidden}, {mixed, hidden}, {mixed + y.pixels() * hidden, out}};
  }
  std::size_t kept_size(const call_shapes& s) const { return (s.in[0].pixels() + s.out.pixels()) * hidden + s.out.pixels() * out; }

  void forward(host_context& c, const forward_call<T>& call) const;
  void recompute(host_context& c, const forward_call<T>& call) const;
  void backward(host_context& c, const backward_call<T>& call) const;

private:
  /// Statistics of the k-th norm; `st` of all three.
  template <class Float>
  Float* of_norm(Float* st, int k) const {
    return st + 4 * k * hidden;
  }
  int channels(int k) const { return k < 2 ? hidden : out; }
  /// The call's, or, made in `frozen`, those of running statistics.
  template <class Call>
  auto statistics_of(const Call& call, float* frozen) const -> decltype(call.statistics) {
    if (call.statistics) return call.statistics;
    const auto& p = call.parameters;
    for (int k = 0; k < 3; ++k)
      cpu_norm<T>::freeze(channels(k), {p[6 * k + 1], p[6 * k + 2], p[6 * k + 3], p[6 * k + 4]}, of_norm(frozen, k));
    return frozen;
  }
  cpu_kernels::batch_norm_statistics_arguments norm(int k, std::size_t pixels, const parameter_pointers<T>& p, float* st,
                                                    double* sums) const {
    float* s = of_norm(st, k);
    const int n = channels(k);
    return {.pixels = std::ptrdiff_t(pixels),
            .channels = n,
            .x = {},
            .gamma = p[6 * k + 1],
            .beta = p[6 * k + 2],
            .mean = s,
            .inv_std = s + n,
            .scale = s + 2 * n,
            .shift = s + 3 * n,
            .running_mean = p[6 * k + 3],
            .running_var = p[6 * k + 4],
            .momentum = float(batch_norm<1>::momentum),
            .epsilon = float(batch_norm<1>::eps),
            .scratch = sums};
  }
  cpu_kernels::batch_norm_backward_arguments norm_gradient(int k, std::size_t pixels, const backward_call<T>& call, const float* st,
                                                           double* sums, cpu_kernels::const_pixels dy, cpu_kernels::const_pixels x) const;
};

template <class T>
auto cpu_inverted_residual_training<T>::lay_out(const host_context& c, shape x, shape y, cpu_kernels::direction to, float* from) const
    -> memory {
  using namespace cpu_kernels;
  const bool back = to == direction::backward_data;
  memory m{};
  const auto take = [&](std::size_t floats) {
    const std::size_t at = std::exchange(m.floats, m.floats + graph::aligned(floats * sizeof(float)) / sizeof(float));
    return from ? from + at : nullptr;
  };
  const auto doubles = [&](std::size_t n) { return reinterpret_cast<double*>(take(2 * n)); };
  const auto slots = [](std::size_t pixels, int a, int b) { return task_count(std::ptrdiff_t(pixels), std::max(a, b)); };
  const int expand_slots = std::max(slots(x.pixels(), in, hidden), depthwise3x3_strips(mix(x)).count());
  const int mix_slots = std::max(slots(y.pixels(), hidden, out), depthwise3x3_strips(mix(x)).count());
  m.packed_expand = take(expand().packed_weights(c, to));
  m.packed_mix = take(std::size_t(9) * hidden);
  m.packed_project = take(project().packed_weights(c, to));
  m.frozen = take(statistics(hidden, out));
  m.threads = take(c.threads.threads() * std::max({normalized_pointwise_scratch(in, hidden), normalized_pointwise_scratch(hidden, out),
                                                   normalized_depthwise3x3_scratch(mix(x), out)}));
  m.expand_sums = doubles(batch_norm_scratch_of(expand_slots, hidden));
  m.mix_sums = doubles(batch_norm_scratch_of(mix_slots, hidden));
  m.project_sums = doubles(batch_norm_scratch_of(std::max(slots(y.pixels(), hidden, out), slots(y.pixels(), out, out)), out));
  if (back) {
    m.sums = take(std::max({normalized_pointwise_sums(x.pixels(), in, hidden), normalized_pointwise_sums(y.pixels(), hidden, out),
                            normalized_depthwise3x3_sums(mix(x))}));
    m.mix_gradient = take(std::size_t(9) * hidden);
    m.d_expanded = take(x.pixels() * hidden);
  }
  return m;
}

template <class T>
void cpu_inverted_residual_training<T>::forward(host_context& c, const forward_call<T>& call) const {
  using namespace cpu_kernels;
  const auto& p = call.parameters;
  const shape x = call.in[0].size, y = call.out.size;
  const memory m = lay_out(c, x, y, direction::forward, call.scratch);
  const values v = kept(x, y, call.kept);
  float* st = statistics_of(call, m.frozen);
  const auto expand_norm = norm(0, x.pixels(), p, st, m.expand_sums), mix_norm = norm(1, y.pixels(), p, st, m.mix_sums),
             project_norm = norm(2, y.pixels(), p, st, m.project_sums);
  const auto taken = [&](const batch_norm_statistics_arguments& a) { return call.statistics ? &a : nullptr; };

  expand().pack_weights(c, direction::forward, p[0], m.packed_expand);
  pack_depthwise3x3(p[6], hidden, m.packed_mix);
  project().pack_weights(c, direction::forward, p[12], m.packed_project);
  normalized_pointwise(c.threads, c.set,
                       {.pixels = std::ptrdiff_t(x.pixels()),
                        .channels = in,
                        .filters = hidden,
                        .x = pixels_of(call.in[0]),
                        .packed = m.packed_expand,
                        .y = v.expanded,
                        .behind = taken(expand_norm)},
                       m.threads);
  normalized_depthwise3x3(c.threads, c.set,
                          {mix(x), v.expanded, expand_norm.scale, expand_norm.shift, m.packed_mix, v.mixed, taken(mix_norm)}, m.threads);
  normalized_pointwise(c.threads, c.set,
                       {.pixels = std::ptrdiff_t(y.pixels()),
                        .channels = hidden,
                        .filters = out,
                        .x = v.mixed,
                        .scale = mix_norm.scale,
                        .shift = mix_norm.shift,
                        .packed = m.packed_project,
                        .y = v.projected,
                        .behind = taken(project_norm)},
                       m.threads);
  recompute(c, call);
}

template <class T>
void cpu_inverted_residual_training<T>::recompute(host_context& c, const forward_call<T>& call) const {
  const shape y = call.out.size;
  const memory m = lay_out(c, call.in[0].size, y, cpu_kernels::direction::forward, call.scratch);
  const float* s = of_norm(statistics_of(call, m.frozen), 2);
  cpu_kernels::batch_norm_apply(c.threads, c.set,
                                {std::ptrdiff_t(y.pixels()), out, kept(call.in[0].size, y, call.kept).projected, s + 2 * out, s + 3 * out,
                                 pixels_of(call.out), sum ? pixels_of(call.in[1]) : cpu_kernels::const_pixels{}});
}

template <class T>
auto cpu_inverted_residual_training<T>::norm_gradient(int k, std::size_t pixels, const backward_call<T>& call, const float* st,
                                                      double* sums, cpu_kernels::const_pixels dy, cpu_kernels::const_pixels x) const
    -> cpu_kernels::batch_norm_backward_arguments {
  const int n = channels(k);
  const float* s = of_norm(st, k);
  return {.pixels = std::ptrdiff_t(pixels),
          .channels = n,
          .dy = dy,
          .x = x,
          .mean = s,
          .inv_std = s + n,
          .scale = s + 2 * n,
          .shift = s + 3 * n,
          .act = k < 2 ? cpu_kernels::activation::relu : cpu_kernels::activation::none,
          .dx = {},
          .dgamma = call.d_parameters[6 * k + 1],
          .dbeta = call.d_parameters[6 * k + 2],
          .frozen = !call.statistics,
          .scratch = sums};
}

template <class T>
void cpu_inverted_residual_training<T>::backward(host_context& c, const backward_call<T>& call) const {
  using namespace cpu_kernels;
  const auto& p = call.parameters;
  const shape x = call.in[0].size, y = call.d_out.size;
  const memory m = lay_out(c, x, y, direction::backward_data, call.scratch);
  const values v = kept(x, y, const_cast<float*>(call.kept));
  const float* st = statistics_of(call, m.frozen);
  const pixels d_expanded{m.d_expanded, hidden};
  const auto expand_norm = norm_gradient(0, x.pixels(), call, st, m.expand_sums, d_expanded, v.expanded);
  const auto mix_norm = norm_gradient(1, y.pixels(), call, st, m.mix_sums, {}, v.mixed);
  const auto project_norm = norm_gradient(2, y.pixels(), call, st, m.project_sums, pixels_of(call.d_out), v.projected);

  expand().pack_weights(c, direction::backward_data, p[0], m.packed_expand);
  pack_depthwise3x3(p[6], hidden, m.packed_mix);
  project().pack_weights(c, direction::backward_data, p[12], m.packed_project);
  batch_norm_backward_sums(c.threads, c.set, project_norm);
  normalized_pointwise_backward(c.threads, c.set,
                                {.pixels = std::ptrdiff_t(y.pixels()),
                                 .channels = hidden,
                                 .filters = out,
                                 .behind = project_norm,
                                 .x = v.mixed,
                                 .before = &mix_norm,
                                 .packed = m.packed_project,
                                 .dw = call.d_parameters[12],
                                 .sums = m.sums},
                                m.threads);
  std::fill_n(m.mix_gradient, 9 * hidden, 0.0f);
  normalized_depthwise3x3_backward(c.threads, c.set,
                                   {mix(x), project_norm, m.packed_project, mix_norm, expand_norm, m.packed_mix, d_expanded,
                                    call.d_parameters[6] ? m.mix_gradient : nullptr, m.sums},
                                   m.threads);
  for (int i = 0; call.d_parameters[6] && i < 9 * hidden; ++i) call.d_parameters[6][i] += m.mix_gradient[i % 9 * hidden + i / 9];

  const auto dx = call.d_in[0] ? pixels_of(call.d_in[0]) : pixels{};
  const bool adds = call.write[0] == gradient_write::accumulate;
  const bool adds_dy = sum && !adds && call.d_in[1].data == call.d_in[0].data;
  normalized_pointwise_backward(c.threads, c.set,
                                {.pixels = std::ptrdiff_t(x.pixels()),
                                 .channels = in,
                                 .filters = hidden,
                                 .behind = expand_norm,
                                 .x = pixels_of(call.in[0]),
                                 .packed = m.packed_expand,
                                 .dx = dx,
                                 .residual = adds      ? const_pixels(dx)
                                             : adds_dy ? pixels_of(call.d_out)
                                                       : const_pixels{},
                                 .dw = call.d_parameters[0],
                                 .sums = m.sums},
                                m.threads);
  if (sum && call.d_in[1] && !adds_dy) cpu<T>::move(c, call.d_out, call.d_in[1], call.write[1]);
}

/// Wider ones are bound by their products.
constexpr bool cpu_trains_whole(int hidden) { return hidden % 16 == 0 && hidden <= 256; }

template <class T, int In, int Hidden, int Out, int Stride, bool Sum>
struct cpu_inverted_residual_training_op {
  using context = host_context;
  static constexpr cpu_inverted_residual_training<T> on{In, Hidden, Out, Stride, Sum};
  static constexpr bool gradient_over_input = true;
  static constexpr saves backward_reads{
      .input = true, .output = false, .statistics = cpu_inverted_residual_training<T>::statistics(Hidden, Out)};

  static std::size_t kept(const context&, const call_shapes& s) { return on.kept_size(s); }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.scratch(c, s, cpu_kernels::direction::forward); }
  static std::size_t backward_scratch(const context& c, const call_shapes& s) {
    return on.scratch(c, s, cpu_kernels::direction::backward_data);
  }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
  static void recompute(context& c, const forward_call<T>& call) { on.recompute(c, call); }
};

}  // namespace viseme::backends
