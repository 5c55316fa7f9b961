// Bilinear x2, maximum and average pooling.
#pragma once

#include <backends/simt/backend.hpp>
#include <kernels/simt/pooling.hpp>
#include <kernels/simt/upsample2x.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {
namespace backends {

template <class P, class T>
struct simt_upsample {
  using context = typename P::context;

  static void forward(context& c, const forward_call<T>& call) {
    const auto x = simt_pixels(call.in[0]);
    const auto y = simt_pixels(call.out);
    simt::with_vectors<T>(call.out.size.c, {x, y}, [&]<int N>(std::integral_constant<int, N>) {
      const simt::upsample2x<T, N> k{call.in[0].size, x, y};
      launch(c, k.blocks(), k);
    });
  }
  static void backward(context& c, const backward_call<T>& call) {
    if (!call.d_in[0]) return;
    const auto dy = simt_pixels(call.d_out);
    const auto dx = simt_pixels(call.d_in[0]);
    simt::with_vectors<T, 4>(call.d_out.size.c, {dy, dx}, [&]<int N>(std::integral_constant<int, N>) {  // eight spill
      const simt::upsample2x_backward<T, N> k{call.d_in[0].size, dy, dx, simt_writing(call.write[0])};
      launch(c, k.blocks(), k);
    });
  }
};

template <class P, class T, int Window>
struct simt_max_pool {
  using context = typename P::context;
  static constexpr int wide = Window ? simt::widest<T> : 1;  // windows of any size spill with whole vectors
  int window;

  void forward(context& c, const forward_call<T>& call) const {
    const auto x = simt_pixels(call.in[0]);
    const auto y = simt_pixels(call.out);
    simt::with_vectors<T, wide>(call.out.size.c, {x, y}, [&]<int N>(std::integral_constant<int, N>) {
      const simt::max_pool<T, N, Window> k{call.in[0].size, window, x, y};
      launch(c, k.blocks(), k);
    });
  }
  void backward(context& c, const backward_call<T>& call) const {
    if (!call.d_in[0]) return;
    const auto x = simt_pixels(call.in[0]), dy = simt_pixels(call.d_out);
    const auto dx = simt_pixels(call.d_in[0]);
    simt::with_vectors<T, wide>(call.d_out.size.c, {x, dy, dx}, [&]<int N>(std::integral_constant<int, N>) {
      const simt::max_pool_backward<T, N, Window> k{call.in[0].size, window, x, dy, dx, simt_writing(call.write[0])};
      launch(c, k.blocks(), k);
    });
  }
};

/// `window` 0: the whole picture.
template <class P, class T>
struct simt_average_pool {
  using context = typename P::context;
  int window = 0;

  size2 window_of(shape x) const { return window ? size2{window, window} : size2{x.h, x.w}; }
  void forward(context& c, const forward_call<T>& call) const {
    const auto x = simt_pixels(call.in[0]);
    const auto y = simt_pixels(call.out);
    simt::with_vectors<T>(call.out.size.c, {x}, [&]<int N>(std::integral_constant<int, N>) {
      const simt::average_pool<T, N> k{call.in[0].size, window_of(call.in[0].size), x, y};
      launch(c, k.blocks(), k);
    });
  }
  void backward(context& c, const backward_call<T>& call) const {
    if (!call.d_in[0]) return;
    const auto dy = simt_pixels(call.d_out);
    const auto dx = simt_pixels(call.d_in[0]);
    simt::with_vectors<T>(call.d_out.size.c, {dy, dx}, [&]<int N>(std::integral_constant<int, N>) {
      const simt::average_pool_backward<T, N> k{call.d_in[0].size, window_of(call.d_in[0].size), dy, dx, simt_writing(call.write[0])};
      launch(c, k.blocks(), k);
    });
  }
};

}  // namespace backends

template <class P, class T>
struct op<upsample2x, backends::simt_backend<P, T>> : backends::simt_upsample<P, T> {};

template <int K, class P, class T>
struct op<max_pool<K>, backends::simt_backend<P, T>> {
  using context = typename P::context;
  static constexpr backends::simt_max_pool<P, T, K == 2 ? 2 : 0> on{K};

  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
};

template <class L, class P, class T>
  requires std::derived_from<L, global_average_pool>
struct op<L, backends::simt_backend<P, T>> {
  using context = typename P::context;
  static constexpr backends::simt_average_pool<P, T> on{[] {
    if constexpr (requires { L::size; }) return L::size;
    else return 0;
  }()};

  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
  static void backward(context& c, const backward_call<T>& call) { on.backward(c, call); }
};

}  // namespace viseme
