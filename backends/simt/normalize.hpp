// Samples at length one.
#pragma once

#include <tuple>

#include <backends/simt/walk.hpp>
#include <kernels/simt/normalize.hpp>
#include <viseme/layers/normalize.hpp>

namespace viseme {
namespace backends {

/// Kernel<T, channels an access>{samples, pixels of each operand..., a...}, a block a sample.
template <template <class, int> class Kernel, class T, class Context, class... V, class... A>
void launch_on_samples(Context& c, shape s, std::tuple<V...> operands, const A&... a) {
  std::apply(
      [&](auto... v) {
        const auto w = simt_walk<T>::channels(s, 1, 1, {v...});
        const auto tiles = simt::samples::of(s.h * s.w, w.tiles().vectors);
        if (w.vectors()) launch(c, {s.n}, Kernel<T, simt_walk<T>::wide>{tiles, w(v)..., a...});
        else launch(c, {s.n}, Kernel<T, 1>{tiles, w(v)..., a...});
      },
      operands);
}

template <class P, class T>
struct simt_normalize {
  using context = typename P::context;

  static void forward(context& c, const forward_call<T>& call) {
    launch_on_samples<simt::l2_normalize_samples, T>(c, call.out.size, std::tuple(call.in[0], call.out), float(l2_normalize::eps));
  }
  static void backward(context& c, const backward_call<T>& call) {
    if (!call.d_in[0]) return;
    launch_on_samples<simt::l2_normalize_gradient, T>(c, call.out.size, std::tuple(call.in[0], call.out, call.d_out, call.d_in[0]),
                                                      simt_writing(call.write[0]), float(l2_normalize::eps));
  }
};

}  // namespace backends

template <class P, class T>
struct op<l2_normalize, backends::simt_backend<P, T>> : backends::simt_normalize<P, T> {};

}  // namespace viseme
