// Inverted residuals in inference, whole: one kernel where the wide tensors cost more than computing a tile's border twice, else layer by
// layer.
// In the decoder with the upsampling and the concatenation before them: there the first 1x1 convolution is applied to both parts of the
// concatenation apart, below the upsampling where it costs a quarter, W [up2(x); skip] = up2(W1 x) + W2 skip, and W1 x is read upsampled
// where W2 skip is finished.
#pragma once

#include <algorithm>
#include <utility>

#include <backends/simt/conv2d.hpp>
#include <kernels/simt/inverted_residual.hpp>
#include <viseme/layers/combine.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {
namespace backends {

/// Three convolutions that make an inverted residual.
constexpr bool simt_inverted_residual_of(conv a, conv b, conv c) {
  const auto plain = [](conv s) { return s == conv{.in = s.in, .out = s.out}; };
  return plain(a) && simt_depthwise3x3(b) && !b.bias && a.out == b.in && b.out == c.in && plain(c);
}

/// The sizes of a block, and all that is done with them.
/// Packed: where the one kernel can take the channels, its weights and biases; then those of the three layers.
template <class P, class T>
struct simt_inverted_residual {
  using context = typename P::context;
  int in = 1, hidden = 1, out = 1, stride = 1;
  bool sum = false, up = false;  // up: inputs are the small picture and the skip

  simt_convolution<P, T> expand() const { return {{.in = in, .out = hidden}}; }
  simt_depthwise<P, T> depthwise() const {
    return {{.in = hidden, .out = hidden, .kernel = {3, 3}, .stride = {stride, stride}, .pad = {1, 1}, .groups = hidden}};
  }
  simt_convolution<P, T> project() const { return {{.in = hidden, .out = out}}; }

  /// Offsets in floats, all of them multiples of four.
  struct parts {
    std::size_t expand, depthwise, project;                            // of the layers
    std::size_t one_expand, one_expand_bias, one_depthwise, one_depthwise_bias, one_project, one_project_bias, end;  // of the one kernel
  };
  /// The one kernel, as far as is known before the inputs are.
  bool fits() const { return (up || in <= simt::inverted_most_channels) && out <= simt::inverted_most_channels; }
  int padded_hidden() const { return simt::inverted_hidden(hidden); }
  parts layout() const {
    const auto aligned = [](std::size_t n) { return (n + 3) / 4 * 4; };
    const std::size_t h = std::size_t(padded_hidden());
    parts p{};
    p.depthwise = aligned(expand().packed_size());
    p.project = p.depthwise + aligned(depthwise().packed_size());
    p.end = p.one_expand = p.project + aligned(project().packed_size());
    if (!fits()) return p;
    p.one_expand_bias = p.one_expand + masters_for<T>(h * simt::inverted_padded<T>(in));
    p.one_depthwise = p.one_expand_bias + h;
    p.one_depthwise_bias = p.one_depthwise + 9 * h;
    p.one_project = p.one_depthwise_bias + h;
    p.one_project_bias = p.one_project + masters_for<T>(h * simt::inverted_padded<T>(out));
    p.end = p.one_project_bias + aligned(out);
    return p;
  }
  std::size_t packed_size() const { return layout().end; }

  /// Weights of the three convolutions, each followed by its norm's five.
  void pack(context& c, const parameter_pointers<T>& p, float* to) const {
    const auto at = layout();
    const auto norm = [&](int first) { return simt::norm_parameters{p[first], p[first + 1], p[first + 2], p[first + 3]}; };
    expand().pack(c, p[0], nullptr, norm(1), to + at.expand);
    depthwise().pack(c, p[6], nullptr, norm(7), to + at.depthwise);
    project().pack(c, p[12], nullptr, norm(13), to + at.project);
    if (!fits()) return;
    const auto rows = [](const float* from, float* into, int channels, int padded, int count) {
      return simt::inverted_rows{channels, padded, count, from, into};
    };
    const auto copy = [&](const simt::inverted_rows& k) { launch(c, k.blocks(), k); };
    const int h = padded_hidden();
    copy(rows(expand().shift(to + at.expand), to + at.one_expand_bias, hidden, h, 1));
    copy(rows(to + at.depthwise, to + at.one_depthwise, hidden, h, 9));
    copy(rows(depthwise().shift(to + at.depthwise), to + at.one_depthwise_bias, hidden, h, 1));
    copy(rows(project().shift(to + at.project), to + at.one_project_bias, out, out, 1));
    const simt::inverted_weights<T> e{
        hidden, in, h, simt::inverted_padded<T>(in), p[0], expand().scale(to + at.expand), reinterpret_cast<T*>(to + at.one_expand)};
    const simt::inverted_weights<T> f{
        out, hidden, simt::inverted_padded<T>(out), h, p[12], project().scale(to + at.project), reinterpret_cast<T*>(to + at.one_project)};
    launch(c, e.blocks(), e);
    launch(c, f.blocks(), f);
  }

  /// A tile for most processors of a large GPU, at least; behind an upsampling the skip's channels are whole fragments of the weights, and
  /// the hidden ones whole chunks.
  bool pays(const call_shapes& sizes) const {
    constexpr int enough_blocks = 96, slice = simt::inverted_padded<T>(1);
    const shape y = sizes.out;
    const size2 tile = stride == 1 ? simt::inverted_tile<T, 1>::out : simt::inverted_tile<T, 2>::out;
    if (up && (sizes.in.in[0].c % slice || sizes.in.in[1].c > simt::inverted_most_channels || hidden % simt::inverted_chunk)) return false;
    return fits() && simt::ceil_div(std::size_t(y.h), tile.h) * simt::ceil_div(std::size_t(y.w), tile.w) * y.n >= enough_blocks;
  }

  std::size_t forward_scratch(const call_shapes& s) const { return pays(s) ? whole_scratch(s) : layers_scratch(s); }
  std::size_t whole_scratch(const call_shapes& s) const { return up ? floats_for(small(s)) + part_of_expand(s.in.in[0], 0).scratch() : 0; }
  std::size_t layers_scratch(const call_shapes& s) const {
    const auto l = layers(s);
    return floats_for(l.hidden) + floats_for(l.mixed) + (up ? floats_for(small(s)) : 0) +
           std::max({part_of_expand(l.x, in - l.x.c).scratch(), up ? part_of_expand(s.in.in[0], 0).scratch() : 0,
                     project().forward_scratch({.in = {.in = {l.mixed}, .count = 1}, .out = s.out})});
  }
  void forward(context& c, const forward_call<T>& call) const {
    if (pays(call.sizes())) whole(c, call);
    else layer_by_layer(c, call);
  }

  void whole(context& c, const forward_call<T>& call) const {
    const auto at = layout();
    const auto x = call.in[up], r = sum ? call.in[1] : view<const T>{};
    const int first = in - x.size.c;
    simt::inverted_residual_arguments<T> a;
    a.hidden = padded_hidden();
    a.filters = out;
    a.in = {x.size.h, x.size.w};
    a.out = {call.out.size.h, call.out.size.w};
    a.x = simt_pixels(x);
    a.x_in_vectors = simt::in_vectors<simt::widest<T>, T>(x.size.c, {a.x});
    a.expand.channels = x.size.c;
    a.expand.of_channels = simt::inverted_padded<T>(in);
    a.expand.weights = reinterpret_cast<const T*>(call.packed + at.one_expand) + std::ptrdiff_t(first) * (is_half<T> ? 8 : a.hidden);
    a.expand.bias = call.packed + at.one_expand_bias;
    if (up) a.low = expand_small(c, call, call.scratch + floats_for(small(call.sizes())));
    a.depthwise = call.packed + at.one_depthwise;
    a.depthwise_bias = call.packed + at.one_depthwise_bias;
    a.project = reinterpret_cast<const T*>(call.packed + at.one_project);
    a.project_bias = call.packed + at.one_project_bias;
    if (sum) a.residual = simt_pixels(r);
    a.y = simt_pixels(call.out);
    a.y_in_pairs = simt::in_vectors<2, T>(out, {a.y});
    const auto run = [&](const auto& kernel) { launch(c, kernel.blocks(x.size.n), kernel); };
    if (up) run(simt::inverted_residual<T, 1, true>{a});
    else if (stride == 1) run(simt::inverted_residual<T, 1>{a});
    else run(simt::inverted_residual<T, 2>{a});
  }

  void layer_by_layer(context& c, const forward_call<T>& call) const {
    const auto at = layout();
    const auto l = layers(call.sizes());
    float* next = call.scratch + (up ? floats_for(small(call.sizes())) : 0);
    const auto map = [&](shape of) { return view<T>{reinterpret_cast<T*>(std::exchange(next, next + floats_for(of))), of, layout::nhwc}; };
    const auto hidden_map = map(l.hidden), mixed = map(l.mixed);
    const auto low = up ? expand_small(c, call, next) : simt::upsampled<T>{};
    multiply(c, call, call.in[up], low, {expand().shift(call.packed + at.expand), {}, simt::activation::relu, 0}, hidden_map, next);
    forward_call<T> f;
    f.in[0] = hidden_map;
    f.out = mixed;
    f.inputs = 1;
    f.packed = call.packed + at.depthwise;
    depthwise().forward(c, f, relu{}, false);
    f.in[0] = mixed;
    f.in[1] = call.in[1];
    f.inputs = 1 + sum;
    f.out = call.out;
    f.packed = call.packed + at.project;
    f.scratch = next;
    project().forward(c, f, {}, sum);
  }

private:
  struct layer_shapes {
    shape x, hidden, mixed;
  };
  layer_shapes layers(const call_shapes& s) const {
    const shape x = s.in.in[up], y = s.out;
    return {x, {x.n, hidden, x.h, x.w}, {y.n, hidden, y.h, y.w}};
  }
  /// Of W1 x.
  shape small(const call_shapes& s) const { return {s.in.in[0].n, hidden, s.in.in[0].h, s.in.in[0].w}; }
  static std::size_t floats_for(shape s) { return (masters_for<T>(s.count()) + 3) / 4 * 4; }

  /// expand()'s product on x alone, whose channels begin at `first`.
  simt_product<P, T> part_of_expand(shape x, int first) const {
    auto p = expand().forward_product(x, {x.n, hidden, x.h, x.w});
    p.a.depth = x.c;
    p.a.first_depth = first;
    return p;
  }
  void multiply(context& c, const forward_call<T>& call, view<const T> x, const simt::upsampled<T>& below, const simt::epilogue<T>& after,
                view<T> y, float* scratch) const {
    auto p = part_of_expand(x.size, below ? in - x.size.c : 0);
    p.a.x = simt_pixels(x);
    p.a.weights = reinterpret_cast<const T*>(call.packed + layout().expand);
    p.a.y = simt_pixels(y);
    p.a.below = below;
    p.a.after = after;
    p.run(c, scratch);
  }
  /// W1 x, at the start of the scratch memory.
  simt::upsampled<T> expand_small(context& c, const forward_call<T>& call, float* scratch) const {
    const view<T> y{reinterpret_cast<T*>(call.scratch), small(call.sizes()), layout::nhwc};
    multiply(c, call, call.in[0], {}, {}, y, scratch);
    return {simt_pixels(y), {y.size.h, y.size.w}};
  }
};

template <class P, class T, conv A, conv B, conv C, bool Sum, bool Up>
struct simt_inverted_residual_op {
  using context = typename P::context;
  static constexpr simt_inverted_residual<P, T> on{A.in, A.out, C.out, B.stride.h, Sum, Up};

  static std::size_t packed_size(const context&) { return on.packed_size(); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) { on.pack(c, p, to); }
  static std::size_t forward_scratch(const context&, const call_shapes& s) { return on.forward_scratch(s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
};

}  // namespace backends

template <conv A, conv B, conv C, int H, int O, class P, class T>
  requires(backends::simt_inverted_residual_of(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>>, backends::simt_backend<P, T>>
    : backends::simt_inverted_residual_op<P, T, A, B, C, false, false> {};
template <conv A, conv B, conv C, int H, int O, class P, class T>
  requires(backends::simt_inverted_residual_of(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>, add>,
          backends::simt_backend<P, T>> : backends::simt_inverted_residual_op<P, T, A, B, C, true, false> {};

template <conv A, conv B, conv C, int H, int O, class P, class T>
  requires(backends::simt_inverted_residual_of(A, B, C) && B.stride.h == 1)
struct op<fused<upsample2x, concat, conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>>,
          backends::simt_backend<P, T>> : backends::simt_inverted_residual_op<P, T, A, B, C, false, true> {};

}  // namespace viseme
