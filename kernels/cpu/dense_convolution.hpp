// Dense (groups = 1) convolution, forward and backward to the data, any kernel, stride and padding; the product is dense_product.hpp.
//     forward        y[o] = act(sum over taps, i of W[o][i][tap] x[i] + bias[o] + residual[o])
//     backward_data  dx[i] (+)= sum over taps, o of W[o][i][tap] dy[o]
// Activations are NHWC float with a pixel stride (floats between neighbouring pixels, at least the channels); weights are PyTorch's
// OIHW, packed once per instruction set and direction. Results are the same bits for any number of threads.
#pragma once

#include <cstddef>

#include <kernels/cpu/dense_product.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::kernels::cpu {

/// The sizes of one convolution of x (images, in.h, in.w, channels) to y (images, out().h, out().w, filters).
struct dense_shape {
  int images = 1, channels = 1, filters = 1;
  size2 in, kernel{1, 1}, stride{1, 1}, pad{0, 0};
  int first_channel = 0, of_channels = 0;  // forward 1x1 only: the weights are packed for of_channels, and x holds `channels` of them; 0: all

  constexpr size2 out() const { return {(in.h + 2 * pad.h - kernel.h) / stride.h + 1, (in.w + 2 * pad.w - kernel.w) / stride.w + 1}; }
};

enum class direction { forward, backward_data };

struct dense_forward_arguments {
  dense_shape shape;
  const_pixels x;
  const float* packed = nullptr;  // by pack(..., direction::forward, ...)
  struct pixels y;
  epilogue after;
};

struct dense_backward_data_arguments {
  dense_shape shape;
  const_pixels dy;
  const float* packed = nullptr;  // by pack(..., direction::backward_data, ...)
  struct pixels dx;
  writing how = writing::overwrite;
};

inline dense_product product(const dense_shape& s, direction to) {
  dense_product p;
  p.transposed = to == direction::backward_data;
  p.images = s.images;
  p.depth = p.transposed ? s.filters : s.channels;
  p.columns = p.transposed ? s.channels : s.filters;
  p.first_depth = s.first_channel;
  p.of_depth = s.of_channels;
  p.in = p.transposed ? s.out() : s.in;
  p.out = p.transposed ? s.in : s.out();
  p.kernel = s.kernel;
  p.stride = s.stride;
  p.pad = s.pad;
  return p;
}

inline dense_product product(const dense_forward_arguments& a) {
  dense_product p = product(a.shape, direction::forward);
  p.x = a.x;
  p.packed = a.packed;
  p.y = a.y;
  p.after = a.after;
  return p;
}

inline dense_product product(const dense_backward_data_arguments& a) {
  dense_product p = product(a.shape, direction::backward_data);
  p.x = a.dy;
  p.packed = a.packed;
  p.y = a.dx;
  if (a.how == writing::accumulate) p.after.residual = a.dx;
  return p;
}

/// What a backend needs of one instruction set's product.
struct dense_product_functions {
  std::size_t (*packed_size)(const dense_product&);
  int (*pack_tasks)(const dense_product&);
  void (*pack)(const dense_product&, const float* weights, float* packed, int task);
  int (*tasks)(const dense_product&);
  void (*run)(const dense_product&, int task);
};

inline dense_product_functions dense_product_of(instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    case instruction_set::avx512:
      return {avx512::dense::packed_size, avx512::dense::pack_tasks, avx512::dense::pack, avx512::dense::tasks, avx512::dense::run};
    case instruction_set::avx2:
      return {avx2::dense::packed_size, avx2::dense::pack_tasks, avx2::dense::pack, avx2::dense::tasks, avx2::dense::run};
#endif
    default:
      return {plain::dense::packed_size, plain::dense::pack_tasks, plain::dense::pack, plain::dense::tasks, plain::dense::run};
  }
}

/// Floats of the buffer `pack` fills.
inline std::size_t packed_size(instruction_set set, const dense_shape& s, direction to) {
  return dense_product_of(set).packed_size(product(s, to));
}

/// Packs weights (filters, channels, kernel.h, kernel.w) for one direction.
template <class Pool>
void pack(Pool& pool, instruction_set set, const dense_shape& s, direction to, const float* weights, float* packed) {
  const auto f = dense_product_of(set);
  const auto p = product(s, to);
  pool.run(f.pack_tasks(p), [&](int task) { f.pack(p, weights, packed, task); });
}

template <class Pool>
void forward(Pool& pool, instruction_set set, const dense_forward_arguments& a) {
  const auto f = dense_product_of(set);
  const auto p = product(a);
  pool.run(f.tasks(p), [&](int task) { f.run(p, task); });
}

template <class Pool>
void backward_data(Pool& pool, instruction_set set, const dense_backward_data_arguments& a) {
  const auto f = dense_product_of(set);
  const auto p = product(a);
  pool.run(f.tasks(p), [&](int task) { f.run(p, task); });
}

}  // namespace viseme::kernels::cpu
