// Dense convolutions as matrix products, on tensor cores where the scalar and the channels allow it; in inference with the norm folded into
// weights and bias and the sum and activation behind it in the same pass. Grouped ones by a plain kernel, but 3x3 depthwise ones:
// depthwise3x3.hpp.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <type_traits>

#include <backends/simt/depthwise3x3.hpp>
#include <backends/simt/product_choices.hpp>
#include <kernels/simt/dense_product.hpp>
#include <kernels/simt/dense_product_mma.hpp>
#include <kernels/simt/dense_product_wgmma.hpp>
#include <kernels/simt/grouped_convolution.hpp>
#include <kernels/simt/weight_gradient.hpp>
#include <kernels/simt/weight_gradient_mma.hpp>

namespace viseme {
namespace backends {

/// Blocks that keep a large GPU busy; sums are split until there are about as many.
inline constexpr int busy_blocks = 264;

/// One product with what it is launched by.
template <class P, class T>
struct simt_product {
  simt::dense_arguments<T> a;

  template <int N>
  bool depth_in_vectors() const { return simt::in_vectors<N, T>(a.depth | a.first_depth | a.of_depth, {a.x}); }
  bool on_tensor_cores() const { return is_half<T> && depth_in_vectors<8>(); }
  int row_tiles() const { return int(simt::ceil_div(std::size_t(a.rows), on_tensor_cores() ? 128 : 64)); }
  int column_tiles() const { return int(simt::ceil_div(std::size_t(a.columns), 64)); }
  /// How many blocks share one tile's sum: chunks of 32 numbers at least eight a block.
  int splits() const {
    const int chunks = a.gather.taps() * int(simt::ceil_div(std::size_t(a.depth), 32));
    return std::clamp(std::min(busy_blocks / (row_tiles() * column_tiles()), chunks / 8), 1, 16);
  }
  /// For any x: those whose pixels are not aligned as tensor cores need it have as many blocks a tile's sum or fewer.
  std::size_t scratch() const { return splits() > 1 ? std::size_t(splits()) * a.rows * a.columns : 0; }
  void run(typename P::context&, float* scratch);

private:
  template <int N>
  bool finishes_in_vectors() const { return simt::in_vectors<N, T>(a.columns, {a.y, a.after.residual, a.below.x}); }
  /// Rows of x are rows of y.
  bool one_to_one() const { return a.gather.kernel == size2{1, 1} && a.gather.stride == size2{1, 1} && a.gather.pad == size2{0, 0}; }
  bool by_wgmma(const typename P::context& c) const {
    return on_tensor_cores() && one_to_one() && finishes_in_vectors<8>() && c.has_wgmma() &&
           c.choose_product({a.rows, a.depth, a.columns}) == product_kernel::wgmma;
  }
  template <int Columns>
  void multiply_by_wgmma(typename P::context&);
};

/// No more blocks a tile's sum than there are chunks for.
template <class P, class T>
template <int Columns>
void simt_product<P, T>::multiply_by_wgmma(typename P::context& c) {
  using kernel = simt::dense_product_wgmma<T, Columns>;
  const int chunks = int(simt::ceil_div(std::size_t(a.depth), kernel::step));
  a.splits = int(simt::ceil_div(std::size_t(chunks), std::size_t(a.chunk(chunks))));
  const kernel k{a, map_tiles(c, kernel::matrix_x(a)), map_tiles(c, kernel::matrix_w(a))};
  launch(c, {std::min(k.tiles, busy_blocks / 2 * kernel::blocks_a_multiprocessor)}, k);
}

template <class P, class T>
void simt_product<P, T>::run(typename P::context& c, float* scratch) {
  a.splits = splits();
  a.parts = scratch;
  const simt::grid g{row_tiles(), column_tiles(), a.splits};
  a.y_in_vectors = on_tensor_cores() ? finishes_in_vectors<2>() : finishes_in_vectors<4>();
  if constexpr (is_half<T>) {
    if (by_wgmma(c)) {
      if (a.columns % 128 == 0 && row_tiles() * (a.columns / 128) >= busy_blocks / 2) multiply_by_wgmma<128>(c);
      else multiply_by_wgmma<64>(c);
    } else if (on_tensor_cores()) {
      launch(c, g, simt::dense_product_mma<T>{a});
    }
  }
  if (!on_tensor_cores()) {
    if (a.depth < simt::dense_product<T, false>::step / 2) launch(c, g, simt::dense_product<T, true>{a, depth_in_vectors<4>()});
    else launch(c, g, simt::dense_product<T, false>{a, depth_in_vectors<4>()});
  }
  if (a.splits > 1) launch(c, simt::elementwise_grid(a.rows * a.columns), simt::finish_product<T>{a});
}

/// Any convolution; sizes are run-time numbers, so that a net's many layers compile once.
/// Packed: weights as T (taps, filters, channels; of grouped ones PyTorch's floats), then scale and shift, `out` floats each.
template <class P, class T>
struct simt_convolution {
  using context = typename P::context;
  conv s;

  bool dense() const { return s.groups == 1; }
  int taps() const { return s.kernel.h * s.kernel.w; }
  std::size_t weight_count() const { return std::size_t(s.out) * (s.in / s.groups) * taps(); }
  std::size_t packed_weights() const { return ((dense() ? masters_for<T>(weight_count()) : weight_count()) + 3) / 4 * 4; }
  std::size_t packed_size() const { return packed_weights() + 2 * std::size_t(s.out); }
  const float* scale(const float* packed) const { return packed + packed_weights(); }
  const float* shift(const float* packed) const { return scale(packed) + s.out; }

  simt::window window(shape x, shape y) const { return {{x.h, x.w}, {y.h, y.w}, s.kernel, s.stride, s.pad, false}; }
  simt::window transposed(shape x, shape y) const { return {{y.h, y.w}, {x.h, x.w}, s.kernel, s.stride, s.pad, true}; }
  simt_product<P, T> product(const simt::window& gather, std::size_t rows, int depth, int columns) const {
    simt_product<P, T> p;
    p.a.gather = gather;
    p.a.rows = std::ptrdiff_t(rows);
    p.a.depth = p.a.of_depth = depth;
    p.a.columns = columns;
    return p;
  }
  simt_product<P, T> forward_product(shape x, shape y) const { return product(window(x, y), y.pixels(), s.in, s.out); }
  simt_product<P, T> data_product(shape x, shape y) const { return product(transposed(x, y), x.pixels(), s.out, s.in); }
  int gradient_splits(std::size_t rows, std::size_t columns) const {
    const std::size_t tiles = simt::ceil_div(std::size_t(s.out), 64) * simt::ceil_div(columns, 64);
    return int(std::clamp<std::size_t>(std::min(2 * busy_blocks / tiles, rows / 128), 1, 256));
  }
  int sum_splits(std::size_t rows) const { return int(std::clamp<std::size_t>(rows / 512, 1, 256)); }

  void pack(context&, const float* weight, const float* bias, const simt::norm_parameters&, float* to) const;
  std::size_t forward_scratch(const call_shapes& sizes) const { return dense() ? forward_product(sizes.in.in[0], sizes.out).scratch() : 0; }
  void forward(context&, const forward_call<T>&, simt_activation, bool sum) const;
  std::size_t backward_scratch(const call_shapes& sizes) const;
  /// The weights' gradient first: then d_in may be written over in.
  void backward(context&, const backward_call<T>&) const;

private:
  void pack_weights(context&, const float* weight, const float* factors, bool transpose, T* to) const;
  void add_weight_gradient(context&, const backward_call<T>&) const;
  void add_bias_gradient(context&, const backward_call<T>&) const;
  void data_gradient(context&, const backward_call<T>&) const;
};

template <class P, class T>
void simt_convolution<P, T>::pack(context& c, const float* weight, const float* bias, const simt::norm_parameters& norm, float* to) const {
  float* factors = to + packed_weights();
  launch(c, simt::elementwise_grid(s.out), simt::fold_norm{s.out, float(batch_norm<1>::eps), bias, norm, factors, factors + s.out});
  if (dense()) pack_weights(c, weight, factors, false, reinterpret_cast<T*>(to));
  else c.copy(to, weight, weight_count() * sizeof(float));
}

template <class P, class T>
void simt_convolution<P, T>::pack_weights(context& c, const float* weight, const float* factors, bool transpose, T* to) const {
  launch(c, simt::elementwise_grid(std::ptrdiff_t(weight_count())),
         simt::pack_weights<T>{s.out, s.in, taps(), transpose, weight, factors, to});
}

template <class P, class T>
void simt_convolution<P, T>::forward(context& c, const forward_call<T>& call, simt_activation act, bool sum) const {
  const auto x = call.in[0];
  const simt::epilogue<T> after{dense() ? shift(call.packed) : nullptr, sum ? simt_pixels(call.in[1]) : simt::pixels<const T>{}, act.act,
                                act.slope};
  if (!dense()) {
    launch(c, simt::elementwise_grid(std::ptrdiff_t(call.out.size.count())),
           simt::grouped_convolution<T>{window(x.size, call.out.size), std::ptrdiff_t(call.out.size.pixels()), {s.in, s.out, s.groups},
                                        simt_pixels(x), call.packed, shift(call.packed), scale(call.packed), simt_pixels(call.out), after});
    return;
  }
  auto p = forward_product(x.size, call.out.size);
  p.a.x = simt_pixels(x);
  p.a.weights = reinterpret_cast<const T*>(call.packed);
  p.a.y = simt_pixels(call.out);
  p.a.after = after;
  p.run(c, call.scratch);
}

template <class P, class T>
std::size_t simt_convolution<P, T>::backward_scratch(const call_shapes& sizes) const {
  const shape x = sizes.in.in[0], y = sizes.out;
  const std::size_t rows = y.pixels(), columns = std::size_t(taps()) * s.in, bias = s.bias ? std::size_t(sum_splits(rows)) * s.out : 0;
  if (!dense()) return bias;
  return std::max({bias, std::size_t(gradient_splits(rows, columns)) * s.out * columns, packed_weights() + data_product(x, y).scratch()});
}

template <class P, class T>
void simt_convolution<P, T>::backward(context& c, const backward_call<T>& call) const {
  if (call.d_parameters[0]) add_weight_gradient(c, call);
  if (s.bias && call.d_parameters[1]) add_bias_gradient(c, call);
  if (call.d_in[0]) data_gradient(c, call);
}

template <class P, class T>
void simt_convolution<P, T>::add_weight_gradient(context& c, const backward_call<T>& call) const {
  const auto gather = window(call.in[0].size, call.d_out.size);
  const auto rows = std::ptrdiff_t(call.d_out.size.pixels());
  if (!dense()) {
    launch(c, {int(weight_count())},
           simt::grouped_weight_gradient<T>{gather, rows, {s.in, s.out, s.groups}, simt_pixels(call.in[0]), simt_pixels(call.d_out),
                                            call.d_parameters[0]});
    return;
  }
  const int columns = taps() * s.in, splits = gradient_splits(std::size_t(rows), std::size_t(columns));
  const simt::grid g{int(simt::ceil_div(s.out, 64)), int(simt::ceil_div(columns, 64)), splits};
  const auto x = simt_pixels(call.in[0]), dy = simt_pixels(call.d_out);
  const auto parts = [&]<class Kernel>(std::type_identity<Kernel>) {
    launch(c, g, Kernel{gather, rows, s.in, s.out, splits, x, dy, call.scratch});
  };
  const bool on_tensor_cores = is_half<T> && simt::in_vectors<8, T>(s.in | s.out, {x, dy});
  if constexpr (is_half<T>)
    if (on_tensor_cores) parts(std::type_identity<simt::weight_gradient_mma<T>>{});
  if (!on_tensor_cores) parts(std::type_identity<simt::weight_gradient_parts<T>>{});
  launch(c, simt::elementwise_grid(std::ptrdiff_t(weight_count())),
         simt::weight_gradient_sum{s.in, s.out, taps(), splits, call.scratch, call.d_parameters[0]});
}

template <class P, class T>
void simt_convolution<P, T>::add_bias_gradient(context& c, const backward_call<T>& call) const {
  const auto rows = call.d_out.size.pixels();
  const int splits = sum_splits(rows);
  launch(c, {int(simt::ceil_div(s.out, 32)), splits},
         simt::channel_sum_parts<T>{std::ptrdiff_t(rows), s.out, splits, simt_pixels(call.d_out), call.scratch});
  launch(c, simt::elementwise_grid(s.out), simt::channel_sum{s.out, splits, call.scratch, call.d_parameters[1]});
}

template <class P, class T>
void simt_convolution<P, T>::data_gradient(context& c, const backward_call<T>& call) const {
  const shape x = call.d_in[0].size;
  const auto how = simt_writing(call.write[0]);
  if (!dense()) {
    launch(c, simt::elementwise_grid(std::ptrdiff_t(x.count())),
           simt::grouped_backward_data<T>{transposed(x, call.d_out.size), std::ptrdiff_t(x.pixels()), {s.in, s.out, s.groups},
                                          simt_pixels(call.d_out), call.parameters[0], simt_pixels(call.d_in[0]), how});
    return;
  }
  T* weights = reinterpret_cast<T*>(call.scratch);
  pack_weights(c, call.parameters[0], nullptr, true, weights);
  auto p = data_product(x, call.d_out.size);
  p.a.x = simt_pixels(call.d_out);
  p.a.weights = weights;
  p.a.y = simt_pixels(call.d_in[0]);
  p.a.how = how;
  p.run(c, call.scratch + packed_weights());
}

/// What the fused and the plain ops of one convolution share; `Norm`: a batch norm's four parameters come behind the convolution's.
template <class P, class T, conv S, bool Norm>
struct simt_convolution_op {
  using context = typename P::context;
  static constexpr std::conditional_t<simt_depthwise3x3(S), simt_depthwise<P, T>, simt_convolution<P, T>> on{S};

  static std::size_t packed_size(const context&) { return on.packed_size(); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) {
    constexpr int n = 1 + S.bias;
    on.pack(c, p[0], S.bias ? p[1] : nullptr, Norm ? simt::norm_parameters{p[n], p[n + 1], p[n + 2], p[n + 3]} : simt::norm_parameters{},
            to);
  }
  static std::size_t forward_scratch(const context&, const call_shapes& s) { return on.forward_scratch(s); }
};

}  // namespace backends

template <conv S, class P, class T>
struct op<conv2d<S>, backends::simt_backend<P, T>> : backends::simt_convolution_op<P, T, S, false> {
  using base = backends::simt_convolution_op<P, T, S, false>;
  using context = typename P::context;
  static constexpr bool gradient_over_input = true;

  static void forward(context& c, const forward_call<T>& call) { base::on.forward(c, call, {}, false); }
  static std::size_t backward_scratch(const context&, const call_shapes& s) { return base::on.backward_scratch(s); }
  static void backward(context& c, const backward_call<T>& call) { base::on.backward(c, call); }
};

template <conv S, backends::simt_activates A, class P, class T>
struct op<fused<conv2d<S>, A>, backends::simt_backend<P, T>> : backends::simt_convolution_op<P, T, S, false> {
  static void forward(typename P::context& c, const forward_call<T>& call) {
    backends::simt_convolution_op<P, T, S, false>::on.forward(c, call, A{}, false);
  }
};

template <conv S, int C, class... Tail, class P, class T>
  requires(backends::simt_tail_known<Tail...>)
struct op<fused<conv2d<S>, batch_norm<C>, Tail...>, backends::simt_backend<P, T>> : backends::simt_convolution_op<P, T, S, true> {
  static void forward(typename P::context& c, const forward_call<T>& call) {
    using tail = backends::simt_tail<Tail...>;
    backends::simt_convolution_op<P, T, S, true>::on.forward(c, call, tail::act, tail::sum);
  }
};

}  // namespace viseme
