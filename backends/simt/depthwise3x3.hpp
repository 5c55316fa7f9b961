// 3x3 depthwise convolutions along the channels; in inference with the norm folded into weights and bias and the sum and activation behind
// it in the same pass.
#pragma once

#include <algorithm>

#include <backends/simt/backend.hpp>
#include <kernels/simt/depthwise3x3.hpp>
#include <kernels/simt/depthwise3x3_backward.hpp>
#include <kernels/simt/parameters.hpp>
#include <kernels/simt/weight_gradient.hpp>
#include <viseme/layers/batch_norm.hpp>
#include <viseme/layers/conv2d.hpp>

namespace viseme {
namespace backends {

constexpr bool simt_depthwise3x3(conv s) {
  return s.groups == s.in && s.in == s.out && s.kernel == size2{3, 3} && s.pad == size2{1, 1} && s.stride.h == s.stride.w &&
         s.stride.h <= 2;
}

/// Any 3x3 depthwise convolution; sizes are run-time numbers, so that a net's many layers compile once.
/// Packed: float weights (9, channels), then scale and shift, `channels` floats each.
template <class P, class T>
struct simt_depthwise {
  using context = typename P::context;
  static constexpr int vector = 4;
  conv s;

  std::size_t packed_size() const { return 11 * std::size_t(s.in); }
  std::size_t forward_scratch(const call_shapes&) const { return 0; }
  const float* shift(const float* packed) const { return packed + 10 * std::size_t(s.in); }

  /// Without a norm `norm` is empty; `bias` may be null.
  void pack(context& c, const float* weight, const float* bias, const simt::norm_parameters& norm, float* to) const {
    float *scale = to + 9 * std::size_t(s.in), *shift = scale + s.in;
    launch(c, simt::elementwise_grid(s.in), simt::fold_norm{s.in, float(batch_norm<1>::eps), bias, norm, scale, shift});
    pack_weights(c, weight, scale, false, to);
  }
  void forward(context& c, const forward_call<T>& call, simt_activation act, bool sum) const {
    forward(c, call.in[0], call.packed, call.out,
            {shift(call.packed), sum ? simt_pixels(call.in[1]) : simt::pixels<const T>{}, act.act, act.slope});
  }
  void forward(context& c, view<const T> x, const float* weights, view<T> y, const simt::epilogue<T>& after,
               simt::writing how = simt::writing::overwrite) const {
    if (s.stride.h == 1) run<1>(c, x, weights, y, after, how);
    else run<2>(c, x, weights, y, after, how);
  }

  std::size_t backward_scratch(const call_shapes& sizes) const {
    const auto parts = simt::depthwise3x3_part_sizes(sizes.in.in[0], s.stride.h);
    return std::size_t(s.in) * std::max(9 * parts.images * parts.chunks(), s.bias ? bias_splits(sizes.out) : 0);
  }
  /// The weights' gradient first: then d_in may be written over in.
  void backward(context& c, const backward_call<T>& call) const {
    if (call.d_parameters[0]) {
      if (s.stride.h == 1) add_weight_gradient<1>(c, call);
      else add_weight_gradient<2>(c, call);
    }
    if (s.bias && call.d_parameters[1]) add_bias_gradient(c, call);
    if (call.d_in[0]) data_gradient(c, call);
  }

private:
  static int bias_splits(shape y) { return int(std::clamp<std::size_t>(y.pixels() / 512, 1, 256)); }

  void pack_weights(context& c, const float* weight, const float* scale, bool turned, float* to) const {
    const simt::pack_depthwise3x3 k{s.in, turned, weight, scale, to};
    launch(c, k.blocks(), k);
  }

  template <int Stride>
  void run(context& c, view<const T> x, const float* weights, view<T> y, const simt::epilogue<T>& after, simt::writing how) const {
    const auto from = simt_pixels(x);
    const auto to = simt_pixels(y);
    simt::with_vectors<T, vector>(s.in, {from, to, after.residual}, [&]<int N>(std::integral_constant<int, N>) {
      const auto size = simt::depthwise3x3_sizes(x.size, Stride, N);
      launch(c, simt::depthwise3x3_grid(size, N), simt::depthwise3x3<T, N, Stride>{size, from, weights, to, after, how});
    });
  }

  void data_gradient(context& c, const backward_call<T>& call) const {
    const auto how = simt_writing(call.write[0]);
    const auto dx = call.d_in[0];
    pack_weights(c, call.parameters[0], nullptr, s.stride.h == 1, call.scratch);
    if (s.stride.h == 1) return run<1>(c, call.d_out, call.scratch, dx, {}, how);
    simt::with_vectors<T, vector>(s.in, {simt_pixels(call.d_out), simt_pixels(dx)}, [&]<int N>(std::integral_constant<int, N>) {
      const auto size = simt::depthwise3x3_sizes(dx.size, 2, N);
      launch(c, simt::depthwise3x3_grid(size, N),
             simt::depthwise3x3_stride2_backward_data<T, N>{size, simt_pixels(call.d_out), call.scratch, simt_pixels(dx), how});
    });
  }

  template <int Stride>
  void add_weight_gradient(context& c, const backward_call<T>& call) const {
    const auto x = simt_pixels(call.in[0]), dy = simt_pixels(call.d_out);
    const auto size = simt::depthwise3x3_part_sizes(call.in[0].size, Stride);
    simt::with_vectors<T, vector>(s.in, {x, dy}, [&]<int N>(std::integral_constant<int, N>) {
      using parts = simt::depthwise3x3_weight_parts<T, N, Stride>;
      const parts k{size, parts::lane_bits_for(s.in), x, dy, call.scratch};
      launch(c, k.blocks(), k);
    });
    const simt::depthwise3x3_weight_sum k{s.in, size.images * size.chunks(), call.scratch, call.d_parameters[0]};
    launch(c, k.blocks(), k);
  }
  void add_bias_gradient(context& c, const backward_call<T>& call) const {
    const int splits = bias_splits(call.d_out.size);
    launch(c, {int(simt::ceil_div(s.in, simt::warp_size)), splits},
           simt::channel_sum_parts<T>{std::ptrdiff_t(call.d_out.size.pixels()), s.in, splits, simt_pixels(call.d_out), call.scratch});
    launch(c, simt::elementwise_grid(s.in), simt::channel_sum{s.in, splits, call.scratch, call.d_parameters[1]});
  }
};

}  // namespace backends
}  // namespace viseme
