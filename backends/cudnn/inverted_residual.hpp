// Inverted residuals in inference: cuda's one kernel where it pays, else layer by layer with the libraries' products. Behind an upsampling
// they are cuda's own: there the first product is finished with a picture read upsampled, which no library does.
#pragma once

#include <backends/cudnn/conv2d.hpp>
#include <backends/simt/inverted_residual.hpp>

namespace viseme {
namespace backends {

/// Packed: cuda's; then both products'.
template <class T>
struct cudnn_inverted_residual {
  using context = cudnn_context;
  simt_inverted_residual<on_device, T> on_cuda;

  cudnn_convolution<T> expand() const { return {on_cuda.expand().s}; }
  cudnn_convolution<T> project() const { return {on_cuda.project().s}; }
  std::size_t project_at() const { return on_cuda.packed_size() + expand().packed_size(); }
  std::size_t packed_size() const { return project_at() + project().packed_size(); }

  void pack(context&, const parameter_pointers<T>&, float* to) const;
  std::size_t forward_scratch(const context&, const call_shapes&) const;
  void forward(context&, const forward_call<T>&) const;

private:
  shape hidden(shape x) const { return {x.n, on_cuda.hidden, x.h, x.w}; }
  /// What comes behind them is aligned as an arena.
  static std::size_t floats(shape s) { return graph::aligned(s.count() * sizeof(T)) / sizeof(float); }
};

template <class T>
void cudnn_inverted_residual<T>::pack(context& c, const parameter_pointers<T>& p, float* to) const {
  const auto norm = [&](int first) { return simt::norm_parameters{p[first], p[first + 1], p[first + 2], p[first + 3]}; };
  on_cuda.pack(c, p, to);
  expand().pack(c, p[0], nullptr, norm(1), to + on_cuda.packed_size());
  project().pack(c, p[12], nullptr, norm(13), to + project_at());
}

template <class T>
std::size_t cudnn_inverted_residual<T>::forward_scratch(const context& c, const call_shapes& s) const {
  if (on_cuda.pays(s)) return on_cuda.forward_scratch(s);
  const shape x = s.in.in[0], wide = hidden(x), mixed = hidden(s.out);
  return floats(wide) + floats(mixed) +
         std::max(expand().forward_scratch(c, {.in = {.in = {x}, .count = 1}, .out = wide}, relu{}, false),
                  project().forward_scratch(c, {.in = {.in = {mixed}, .count = 1}, .out = s.out}, {}, on_cuda.sum));
}

template <class T>
void cudnn_inverted_residual<T>::forward(context& c, const forward_call<T>& call) const {
  if (on_cuda.pays(call.sizes())) return on_cuda.forward(c, call);
  const shape x = call.in[0].size, y = call.out.size;
  const view<T> wide{reinterpret_cast<T*>(call.scratch), hidden(x), layout::nhwc};
  const view<T> mixed{reinterpret_cast<T*>(call.scratch + floats(wide.size)), hidden(y), layout::nhwc};
  auto f = call;
  f.inputs = 1;
  f.out = wide;
  f.packed = call.packed + on_cuda.packed_size();
  f.scratch = call.scratch + floats(wide.size) + floats(mixed.size);
  expand().forward(c, f, relu{}, false);
  f.in[0] = wide;
  f.out = mixed;
  f.packed = call.packed + on_cuda.layout().depthwise;
  on_cuda.depthwise().forward(c, f, relu{}, false);
  f.in[0] = mixed;
  f.inputs = call.inputs;
  f.out = call.out;
  f.packed = call.packed + project_at();
  project().forward(c, f, {}, on_cuda.sum);
}

template <class T, conv A, conv B, conv C, bool Sum>
struct cudnn_inverted_residual_op {
  using context = cudnn_context;
  static constexpr cudnn_inverted_residual<T> on{{A.in, A.out, C.out, B.stride.h, Sum}};

  static std::size_t packed_size(const context&) { return on.packed_size(); }
  static void pack(context& c, const parameter_pointers<T>& p, float* to) { on.pack(c, p, to); }
  static std::size_t forward_scratch(const context& c, const call_shapes& s) { return on.forward_scratch(c, s); }
  static void forward(context& c, const forward_call<T>& call) { on.forward(c, call); }
};

}  // namespace backends

template <conv A, conv B, conv C, int H, int O, class T>
  requires(backends::simt_inverted_residual_of(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>>, backends::cudnn<T>>
    : backends::cudnn_inverted_residual_op<T, A, B, C, false> {};
template <conv A, conv B, conv C, int H, int O, class T>
  requires(backends::simt_inverted_residual_of(A, B, C))
struct op<fused<conv2d<A>, batch_norm<H>, relu, conv2d<B>, batch_norm<H>, relu, conv2d<C>, batch_norm<O>, add>, backends::cudnn<T>>
    : backends::cudnn_inverted_residual_op<T, A, B, C, true> {};

}  // namespace viseme
