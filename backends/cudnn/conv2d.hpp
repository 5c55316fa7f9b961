// Dense convolutions by the libraries, where their context has a plan for the sizes; else, and for views with gaps between the pixels, by
// cuda's kernels.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <variant>

#include <backends/cudnn/backend.hpp>
#include <backends/cudnn/weights.hpp>
#include <backends/simt/conv2d.hpp>
#include <backends/simt/elementwise.hpp>

namespace viseme {
namespace backends {

template <class T>
inline constexpr dtype dtype_of = dtype::fp32;
template <>
inline constexpr dtype dtype_of<bf16> = dtype::bf16;
template <>
inline constexpr dtype dtype_of<fp16> = dtype::fp16;

/// As simt_convolution, whose place it takes. `biased`: something follows, if only a bias of zeros.
/// Packed: cuda's; then weights of T as (K, R, S, C) where cuda's taps-first order is another one, and biases of T where T is not float.
template <class T>
struct cudnn_convolution {
  using context = cudnn_context;
  conv s;
  bool biased = true;

  simt_convolution<on_device, T> on_cuda() const { return {s}; }
  int taps() const { return s.kernel.h * s.kernel.w; }
  std::size_t weight_count() const { return on_cuda().weight_count(); }
  const float* scale(const float* packed) const { return on_cuda().scale(packed); }
  const float* shift(const float* packed) const { return on_cuda().shift(packed); }

  /// Where the parts of `packed` lie, in floats.
  std::size_t weights_at() const { return taps() > 1 ? whole(on_cuda().packed_size(), 4) : 0; }
  std::size_t bias_at() const { return taps() > 1 ? weights_at() + floats(weight_count()) : whole(on_cuda().packed_size(), 4); }
  std::size_t packed_size() const { return bias_at() + (is_half<T> ? floats(std::size_t(s.out)) : 0); }

  void pack(context&, const float* weight, const float* bias, const simt::norm_parameters&, float* to) const;

  convolution_task task(convolution_pass pass, shape x, shape y) const {
    return {.pass = pass, .s = {s.in, s.out, s.kernel, s.stride, s.pad}, .x = x, .y = y, .type = dtype_of<T>};
  }
  /// A ReLU is the libraries' part, other activations are a pass of their own behind them.
  convolution_task forward_task(shape x, shape y, simt_activation act, bool sum) const {
    auto t = task(convolution_pass::forward, x, y);
    t.bias = biased;
    t.sum = sum;
    t.relu = act.act == simt::activation::relu;
    return t;
  }
  convolution_task data_task(shape x, shape y, gradient_write write) const {
    auto t = task(convolution_pass::data_gradient, x, y);
    t.accumulate = write == gradient_write::accumulate;
    return t;
  }

  std::size_t forward_scratch(const context& c, const call_shapes& sizes, simt_activation act, bool sum) const {
    return std::max(on_cuda().forward_scratch(sizes), workspace(c, forward_task(sizes.in.in[0], sizes.out, act, sum)));
  }
  void forward(context&, const forward_call<T>&, simt_activation, bool sum) const;
  std::size_t backward_scratch(const context&, const call_shapes&) const;
  /// The weights' gradient first: then d_in may be written over in. What no library computes is left to cuda.
  void backward(context&, const backward_call<T>&) const;

private:
  static constexpr std::size_t whole(std::size_t count, std::size_t of) { return (count + of - 1) / of * of; }
  /// That hold `count` of T, up to the next vector.
  static std::size_t floats(std::size_t count) { return whole(masters_for<T>(count), 4); }
  /// Floats of scratch for weights of T; what comes behind is aligned as an arena.
  std::size_t turned() const { return whole(masters_for<T>(weight_count()), graph::alignment / sizeof(float)); }

  static bool dense(std::initializer_list<view<const T>> all) {
    return std::ranges::all_of(all, [](const auto& v) { return !v || v.dense(layout::nhwc); });
  }
  static bool has_plan(const context& c, const convolution_task& t) { return !std::holds_alternative<std::monostate>(c.plan(t)); }
  /// In floats.
  static std::size_t workspace(const context& c, const convolution_task& t) {
    return std::visit([](const auto& plan) -> std::size_t {
      if constexpr (requires { plan.workspace(); }) return (plan.workspace() + sizeof(float) - 1) / sizeof(float);
      else return 0;
    }, c.plan(t));
  }
  /// False: there is no plan.
  static bool run(const context& c, const convolution_task& t, const convolution_memory& m, float* workspace) {
    return std::visit([&](const auto& plan) {
      if constexpr (requires { plan.workspace(); }) return c.run(plan, m, workspace), true;
      else return false;
    }, c.plan(t));
  }

  bool add_weight_gradient(context&, const backward_call<T>&) const;
};

template <class T>
void cudnn_convolution<T>::pack(context& c, const float* weight, const float* bias, const simt::norm_parameters& norm, float* to) const {
  on_cuda().pack(c, weight, bias, norm, to);
  if (taps() > 1) turn_weights(c, s, weight, norm.gamma ? scale(to) : nullptr, reinterpret_cast<T*>(to + weights_at()));
  if (is_half<T> && biased)
    launch(c, simt::elementwise_grid(s.out), simt::from_nchw<T>{{1, s.out, 1}, shift(to), {reinterpret_cast<T*>(to + bias_at()), s.out}});
}

template <class T>
void cudnn_convolution<T>::forward(context& c, const forward_call<T>& call, simt_activation act, bool sum) const {
  const auto residual = sum ? call.in[1] : view<const T>{};
  const auto t = forward_task(call.in[0].size, call.out.size, act, sum);
  const void* bias = is_half<T> ? call.packed + bias_at() : shift(call.packed);
  const convolution_memory m{call.in[0].data, call.packed + weights_at(), call.out.data, biased ? bias : nullptr, residual.data};
  if (!dense({call.in[0], call.out, residual}) || !run(c, t, m, call.scratch)) return on_cuda().forward(c, call, act, sum);
  if (t.relu || act.act == simt::activation::none) return;
  auto rest = call;
  rest.in[0] = call.out;
  simt_activations<on_device, T>::forward(c, rest, act);
}

/// Weights of T, then what a plan asks for or a gradient's floats.
template <class T>
std::size_t cudnn_convolution<T>::backward_scratch(const context& c, const call_shapes& sizes) const {
  const shape x = sizes.in.in[0], y = sizes.out;
  const auto of_data = [&](gradient_write w) { return workspace(c, data_task(x, y, w)); };
  const std::size_t rest = std::max({of_data(gradient_write::overwrite), of_data(gradient_write::accumulate),
                                     workspace(c, task(convolution_pass::weight_gradient, x, y)), weight_count()});
  return std::max(on_cuda().backward_scratch(sizes), turned() + rest);
}

template <class T>
void cudnn_convolution<T>::backward(context& c, const backward_call<T>& call) const {
  auto rest = call;
  if (call.d_parameters[0] && add_weight_gradient(c, call)) rest.d_parameters[0] = nullptr;
  const auto t = data_task(call.d_in[0].size, call.d_out.size, call.write[0]);
  const bool data = call.d_in[0] && dense({call.d_in[0], call.d_out}) && has_plan(c, t);
  if (data) rest.d_in[0] = {};
  on_cuda().backward(c, rest);
  if (!data) return;
  T* weights = reinterpret_cast<T*>(call.scratch);
  turn_weights(c, s, call.parameters[0], nullptr, weights);
  run(c, t, {.x = call.d_in[0].data, .weights = weights, .y = call.d_out.data}, call.scratch + turned());
}

/// cuBLASLt adds to PyTorch's memory; cuDNN's is of T and its own order, and is added by cuda.
template <class T>
bool cudnn_convolution<T>::add_weight_gradient(context& c, const backward_call<T>& call) const {
  const auto t = task(convolution_pass::weight_gradient, call.in[0].size, call.d_out.size);
  if (!dense({call.in[0], call.d_out})) return false;
  convolution_memory m{.x = call.in[0].data, .weights = call.d_parameters[0], .y = call.d_out.data};
  if (std::holds_alternative<product_plan>(c.plan(t))) return run(c, t, m, call.scratch);
  m.weights = call.scratch;
  if (!run(c, t, m, call.scratch + turned())) return false;
  add_turned_gradient(c, s, reinterpret_cast<const T*>(call.scratch), call.scratch + turned(), call.d_parameters[0]);
  return true;
}

/// What the fused and the plain ops of one convolution share; `Norm`: a batch norm's four parameters come behind the convolution's.
template <class T, conv S, bool Norm, class... Tail>
struct cudnn_convolution_op {
  using context = cudnn_context;
  using tail = simt_tail<Tail...>;
  static constexpr cudnn_convolution<T> on{S, S.bias || Norm || sizeof...(Tail) > 0};

  static std::size_t packed_size(const context&) { return on.packed_size(); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) {
    constexpr int n = 1 + S.bias;
    const auto norm = Norm ? simt::norm_parameters{p[n], p[n + 1], p[n + 2], p[n + 3]} : simt::norm_parameters{};
    on.pack(c, p[0], S.bias ? p[1] : nullptr, norm, to);
  }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s, tail::act, tail::sum); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call, tail::act, tail::sum); }
};

}  // namespace backends

template <conv S, class T>
  requires(S.groups == 1)
struct op<conv2d<S>, backends::cudnn<T>> : backends::cudnn_convolution_op<T, S, false> {
  using base = backends::cudnn_convolution_op<T, S, false>;
  using context = backends::cudnn_context;
  static constexpr bool gradient_over_input = true;

  static std::size_t backward_scratch(const context& c, const call_shapes& s) { return base::on.backward_scratch(c, s); }
  static void backward(context& c, const backward_call<T>& call) { base::on.backward(c, call); }
};

template <conv S, backends::simt_activates A, class T>
  requires(S.groups == 1)
struct op<fused<conv2d<S>, A>, backends::cudnn<T>> : backends::cudnn_convolution_op<T, S, false, A> {};

template <conv S, int C, class... Tail, class T>
  requires(S.groups == 1 && backends::simt_tail_known<Tail...>)
struct op<fused<conv2d<S>, batch_norm<C>, Tail...>, backends::cudnn<T>> : backends::cudnn_convolution_op<T, S, true, Tail...> {};

}  // namespace viseme
