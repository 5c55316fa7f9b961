// Activations, sum, concatenation.
#pragma once

#include <array>

#include <backends/simt/moves.hpp>
#include <kernels/simt/elementwise.hpp>

namespace viseme {
namespace backends {

template <class P, class T>
struct simt_activations {
  using context = typename P::context;

  static void forward(context& c, const forward_call<T>& call, simt_activation how) {
    const auto w = simt_walk<T>::elements(call.out.size, simt::in_flight, {call.in[0], call.out});
    w.template run<simt::activate_pixels>(c, w(call.in[0]), w(call.out), how.act, how.slope);
  }
  static void backward(context& c, const backward_call<T>& call, simt_activation how) {
    if (!call.d_in[0]) return;
    const auto w = simt_walk<T>::elements(call.d_out.size, simt::in_flight, {call.out, call.d_out, call.d_in[0]});
    w.template run<simt::activation_gradient>(c, w(call.out), w(call.d_out), w(call.d_in[0]), simt_writing(call.write[0]), how.act,
                                              how.slope);
  }
};

template <class P, class T>
struct simt_sum {
  using context = typename P::context;

  static void forward(context& c, const forward_call<T>& call) {
    std::array<simt_operand, max_inputs + 1> operands{call.out};
    std::copy_n(call.in.begin(), call.inputs, operands.begin() + 1);
    const auto w = simt_walk<T>::elements(call.out.size, simt::in_flight, operands);
    if (w.vectors()) launch(c, w.tiles().blocks(), kernel<w.wide>(w, call));
    else launch(c, w.tiles().blocks(), kernel<1>(w, call));
  }
  static void backward(context& c, const backward_call<T>& call) {
    simt_moves<P, T> moves;
    for (int k = 0; k < call.inputs; ++k)
      if (call.d_in[k]) moves.add(call.d_out, call.d_in[k], call.write[k]);
    moves.run(c);
  }

private:
  template <int N>
  static simt::sum_pixels<T, N> kernel(const simt_walk<T>& w, const forward_call<T>& call) {
    static_assert(simt::sum_pixels<T, N>::most >= max_inputs);
    simt::sum_pixels<T, N> k{.tiles = w.tiles(), .x = {}, .count = call.inputs, .y = w(call.out)};
    std::transform(call.in.begin(), call.in.begin() + call.inputs, k.x, w);
    return k;
  }
};

template <class P, class T>
struct simt_concatenation {
  using context = typename P::context;

  static void forward(context& c, const forward_call<T>& call) {
    simt_moves<P, T> moves;
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c)
      moves.add(call.in[k], call.out.channels(first, call.in[k].size.c), gradient_write::overwrite);
    moves.run(c);
  }
  static void backward(context& c, const backward_call<T>& call) {
    simt_moves<P, T> moves;
    for (int k = 0, first = 0; k < call.inputs; first += call.in[k++].size.c)
      if (call.d_in[k]) moves.add(call.d_out.channels(first, call.in[k].size.c), call.d_in[k], call.write[k]);
    moves.run(c);
  }
};

}  // namespace backends

template <backends::simt_activates L, class P, class T>
struct op<L, backends::simt_backend<P, T>> {
  using on = backends::simt_activations<P, T>;

  static void forward(typename P::context& c, const forward_call<T>& call) { on::forward(c, call, L{}); }
  static void backward(typename P::context& c, const backward_call<T>& call) { on::backward(c, call, L{}); }
};

template <class P, class T>
struct op<add, backends::simt_backend<P, T>> : backends::simt_sum<P, T> {};
template <class P, class T>
struct op<concat, backends::simt_backend<P, T>> : backends::simt_concatenation<P, T> {};

}  // namespace viseme
