// The 1x1 convolutions of an inverted residual, in float, bf16 or 8-bit integers.
#pragma once

#include <backends/cpu/conv2d.hpp>
#include <kernels/cpu/narrow_product.hpp>

namespace viseme::backends {

/// y[p] = act(W x[p] + ...), W (columns, depth) or the columns [first_depth, first_depth + depth) of a wider one.
struct cpu_pointwise_call {
  std::ptrdiff_t pixels = 0;
  int depth = 0, columns = 0, first_depth = 0, of_depth = 0;  // of_depth 0: all
  bool from_zero = false;                                     // x is never negative
  cpu_kernels::const_pixels x;
  const float* packed = nullptr;
  cpu_kernels::pixels y;
  cpu_kernels::epilogue after;
};

template <class T, cpu_kernels::arithmetic How>
struct cpu_pointwise {
  static std::size_t packed_size(const host_context& c, int columns, int depth) {
    return cpu_kernels::narrow_packed_size<How>(c.set, columns, depth);
  }
  static void pack(host_context& c, int columns, int depth, const T* w, T* to) {
    cpu_kernels::pack_narrow<How>(c.threads, c.set, columns, depth, w, to);
  }
  static std::size_t scratch(std::size_t pixels, int depth) { return cpu_kernels::narrow_size(How, std::ptrdiff_t(pixels), depth); }
  static void run(host_context& c, const cpu_pointwise_call& a, T* scratch) {
    cpu_kernels::multiply<How>(c.threads, c.set, {a.depth, a.columns, a.first_depth, a.of_depth, a.from_zero, a.x, a.packed, a.y, a.after},
                               a.pixels, scratch);
  }
};

template <class T>
struct cpu_pointwise<T, cpu_kernels::arithmetic::fp32> {
  static cpu_kernels::dense_shape weights(int columns, int depth) { return {1, depth, columns, {1, 1}}; }
  static std::size_t packed_size(const host_context& c, int columns, int depth) {
    return cpu_kernels::packed_size(c.set, weights(columns, depth), cpu_kernels::direction::forward);
  }
  static void pack(host_context& c, int columns, int depth, const T* w, T* to) {
    cpu_kernels::pack(c.threads, c.set, weights(columns, depth), cpu_kernels::direction::forward, w, to);
  }
  static std::size_t scratch(std::size_t, int) { return 0; }
  static void run(host_context& c, const cpu_pointwise_call& a, T*) {
    cpu_kernels::dense_shape s{1, a.depth, a.columns, {1, int(a.pixels)}};
    s.first_channel = a.first_depth;
    s.of_channels = a.of_depth;
    cpu_kernels::forward(c.threads, c.set, {s, a.x, a.packed, a.y, a.after});
  }
};

}  // namespace viseme::backends
