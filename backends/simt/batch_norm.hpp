// Batch norm as a layer of its own (training, or frozen under a loss), fused with the sum and the activation behind it, both ways.
#pragma once

#include <backends/simt/walk.hpp>
#include <kernels/simt/batch_norm_backward.hpp>
#include <viseme/layers/batch_norm.hpp>

namespace viseme {
namespace backends {

/// Any number of channels; what comes behind the norm at run time.
template <class P, class T>
struct simt_norm {
  using context = typename P::context;
  using norm = batch_norm<1>;
  static constexpr int pixels_of_a_thread = 4, enough_blocks = 1024;

  simt_activation act{};
  bool sum = false;

  /// Sums by chunk, and two means.
  static std::size_t scratch(shape s) {
    const auto chunks = [&](bool vectors) { return simt_walk<T>::tiles_of(s, vectors, pixels_of_a_thread, enough_blocks).chunks(); };
    return (std::size_t(s.c % simt_walk<T>::wide ? chunks(false) : std::max(chunks(true), chunks(false))) + 1) * 2 * s.c;
  }

  void forward(context& c, const forward_call<T>& call) const {
    if (call.statistics) measure(c, call);
    recompute(c, call);
  }
  /// With the statistics that forward() left.
  void recompute(context& c, const forward_call<T>& call) const {
    const auto residual = sum ? call.in[1] : view<const T>{};
    const auto w = walk(call.out.size, {call.in[0], residual, call.out});
    const auto p = parameters(call.out.size.c, call.parameters, call.statistics);
    w.template run<simt::batch_norm_apply>(c, p, w(call.in[0]), w(residual), w(call.out), act.act, act.slope);
  }

  void backward(context& c, const backward_call<T>& call) const {
    const shape s = call.d_out.size;
    const auto y = sum && act.act != simt::activation::none ? call.out : view<const T>{};
    const auto d_residual = sum ? call.d_in[1] : view<T>{};
    const bool wants_parameters = call.d_parameters[0] || call.d_parameters[1];
    const auto w = walk(s, {call.in[0], y, call.d_out, call.d_in[0], d_residual});
    const auto p = parameters(s.c, call.parameters, call.statistics);
    const simt::batch_norm_gradient_input<T> in{p, w(call.in[0]), w(y), w(call.d_out), slope()};
    const float* means = nullptr;
    if (call.statistics || wants_parameters) {
      const int chunks = w.tiles().chunks();
      float* behind = call.scratch + std::size_t(chunks) * 2 * s.c;
      w.template run<simt::batch_norm_gradient_sums>(c, in, call.scratch);
      launch(c, simt::merging::blocks(s.c),
             simt::batch_norm_gradient_means{chunks, s.c, float(s.pixels()), p, call.scratch, behind, call.d_parameters[0],
                                             call.d_parameters[1]});
      if (call.statistics) means = behind;
    }
    if (!call.d_in[0] && !d_residual) return;
    w.template run<simt::batch_norm_gradient>(c, in, means, w(call.d_in[0]), w(d_residual), simt_writing(call.write[0]),
                                              simt_writing(call.write[1]));
  }

private:
  static simt_walk<T> walk(shape s, std::initializer_list<simt_operand> operands) {
    return simt_walk<T>::channels(s, pixels_of_a_thread, enough_blocks, operands);
  }
  static simt::norm_state parameters(int c, const parameter_pointers<T>& p, const float* statistics) {
    if (statistics) return {statistics, statistics + c, false, p[0], p[1], float(norm::eps)};
    return {p[2], p[3], true, p[0], p[1], float(norm::eps)};
  }
  static void measure(context& c, const forward_call<T>& call) {
    const shape s = call.out.size;
    const auto w = walk(s, {call.in[0]});
    w.template run<simt::batch_norm_moments>(c, w(call.in[0]), call.scratch);
    launch(c, simt::merging::blocks(s.c),
           simt::batch_norm_statistics{w.tiles(), w.tiles().chunks(), s.c, call.scratch, call.statistics, call.parameters[2],
                                       call.parameters[3], float(norm::momentum), float(norm::eps)});
  }
  float slope() const { return act.act == simt::activation::none ? 1 : act.slope; }
};

template <class P, class T, int C, class... Tail>
struct simt_norm_op {
  using context = typename P::context;
  using tail = simt_tail<Tail...>;
  static constexpr simt_norm<P, T> on{tail::act, tail::sum};
  static constexpr bool gradient_over_input = true;
  /// An output with a sum is kept, not recomputed: what was added may be gone by then.
  static constexpr saves backward_reads{.input = true, .output = tail::sum, .statistics = 2 * C};

  static std::size_t forward_scratch(const context&, const call_shapes& s) { return on.scratch(s.out); }
  static std::size_t backward_scratch(const context&, const call_shapes& s) { return on.scratch(s.out); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
  static void recompute(context& c, const forward_call<T>& call) { on.recompute(c, call); }
};

/// Tails whose slope follows from the output's sign alone.
template <class... Tail>
concept simt_norm_tail = simt_tail_known<Tail...> && !(std::is_same_v<Tail, sigmoid> || ...);

}  // namespace backends

template <int C, class P, class T>
struct op<batch_norm<C>, backends::simt_backend<P, T>> : backends::simt_norm_op<P, T, C> {};
template <int C, class... Tail, class P, class T>
  requires(sizeof...(Tail) > 0 && backends::simt_norm_tail<Tail...>)
struct op<fused<batch_norm<C>, Tail...>, backends::simt_backend<P, T>> : backends::simt_norm_op<P, T, C, Tail...> {};

}  // namespace viseme
