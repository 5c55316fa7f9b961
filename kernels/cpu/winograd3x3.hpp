// 3x3 convolution of stride 1 and 5x5 of stride 2 by Winograd's algorithm F(t x t, 3 x 3), t = 2 or 4:
//     y[o] = act(A^T (sum over i of (G W[o][i] G^T) * (B^T x[i] B)) A + bias[o] + residual[o])          (* elementwise)
// for each tile of t x t outputs and the (t + 2) x (t + 2) inputs under it: (t + 2)^2 products in place of 9 t^2, that is 2.25 or 4 times
// fewer. Backward to the data is the same with the weights turned by half a turn and channels and filters exchanged.
// A 5x5 convolution of stride 2 is one of 3x3 and stride 1 over the four phases of x, even and odd rows and columns, laid side by side as
// channels, with zeros for the sixth row and column of weights: 2.78 times fewer products with t = 4. Forward only.
// x (images, in.h, in.w, channels) and y (images, out().h, out().w, filters) are NHWC with a pixel stride.
//
// The matrices follow from the points at which polynomials are multiplied (Lavin and Gray, arXiv:1509.09308): 0, 1, -1 and infinity for
// t = 2; 0, +-5/8, +-3/2 and infinity for t = 4, which round half as much as the usual 0, +-1, +-2. Products are summed by 32 channels, and
// the sums of these added. So the relative error is that of a plain sum for t = 2, and about three times that for t = 4.
//
// A block of about 24 tiles is a unit: its transformed inputs V ((t + 2)^2, tiles, depth), depth = channels or 4 channels, meet 32 filters
// at a time, whose products M ((t + 2)^2, tiles, 32) stay in L2 until they are transformed back, with bias, residual and activation, to y.
// Each of the (t + 2)^2 matrix products has a panel of weights in L1 and a tile of sums in registers. Where there are many blocks a task is
// a block and V stays in L2 too; where there are few, V of all blocks is made first, and a task is a block x 32 filters.
// Every sum is taken in an order that depends on the channels alone: results do not depend on tasks or threads.
//
// Channels and filters must be multiples of 16. A NaN or infinity in x makes NaN of all outputs of the tiles it lies under.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dense_convolution.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

namespace winograd {
inline constexpr int block_filters = 32, block_channels = 64;
inline constexpr int block_tiles = 24;  // of a block, but for rounding
inline constexpr int gap = 16;          // floats between the matrices of V and of M, lest all fall on the same cache sets

constexpr int ceil_div(std::int64_t a, std::int64_t b) { return int((a + b - 1) / b); }
}  // namespace winograd

struct winograd3x3_shape {
  int images = 1;
  size2 in;
  int channels = 16, filters = 16;
  int tile = 4;             // 2 or 4
  int stride = 1, pad = 1;  // stride 1: a kernel of 3x3; 2: of 5x5

  constexpr int kernel() const { return stride == 1 ? 3 : 5; }
  constexpr size2 out() const { return {(in.h + 2 * pad - kernel()) / stride + 1, (in.w + 2 * pad - kernel()) / stride + 1}; }
  constexpr int depth() const { return channels * stride * stride; }

  constexpr int products() const { return (tile + 2) * (tile + 2); }
  constexpr size2 tiles() const { return {winograd::ceil_div(out().h, tile), winograd::ceil_div(out().w, tile)}; }
  constexpr std::ptrdiff_t tile_count() const { return std::ptrdiff_t(images) * tiles().h * tiles().w; }

  constexpr int blocks() const { return int(std::max<std::ptrdiff_t>(1, (tile_count() + winograd::block_tiles / 2) / winograd::block_tiles)); }
  piece_range tiles_of(int block) const { return slice(tile_count(), blocks(), block); }
  constexpr int tiles_of_block() const { return winograd::ceil_div(tile_count(), blocks()); }
  constexpr int filter_blocks() const { return winograd::ceil_div(filters, winograd::block_filters); }
  constexpr int depth_blocks() const { return winograd::ceil_div(depth(), winograd::block_channels); }

  /// Whether a task is a whole block.
  constexpr bool many_blocks() const { return blocks() >= 16; }

  constexpr std::ptrdiff_t input_step() const { return std::ptrdiff_t(tiles_of_block()) * depth() + winograd::gap; }
  constexpr std::ptrdiff_t output_step() const { return std::ptrdiff_t(tiles_of_block()) * winograd::block_filters + winograd::gap; }
  constexpr std::size_t input_size() const { return std::size_t(products()) * input_step(); }    // V of a block
  constexpr std::size_t output_size() const { return std::size_t(products()) * output_step(); }  // M of a block
};

struct winograd3x3_arguments {
  winograd3x3_shape shape;
  const_pixels x;
  const float* packed = nullptr;
  struct pixels y;
  epilogue after;
  float* scratch = nullptr;  // winograd3x3_scratch floats
};

/// Floats of the transformed weights, (filter blocks, products, panels, depth, columns of a panel); a row of zeros, read for pixels outside, comes last.
constexpr std::size_t winograd3x3_packed_size(const winograd3x3_shape& s) {
  return std::size_t(s.filter_blocks()) * winograd::block_filters * s.products() * s.depth() + s.channels;
}

constexpr std::size_t winograd3x3_scratch(const winograd3x3_shape& s, int threads) {
  return s.many_blocks() ? threads * (s.input_size() + s.output_size()) : s.blocks() * s.input_size() + threads * s.output_size();
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/winograd3x3.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

struct winograd3x3_functions {
  void (*pack)(const winograd3x3_shape&, direction, const float* weights, float* packed, int task);
  void (*transform)(const winograd3x3_arguments&, int block, piece_range depth, float* v);
  void (*multiply)(const winograd3x3_arguments&, int block, int filter_block, const float* v, float* m);
};

inline winograd3x3_functions winograd3x3_of(instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    case instruction_set::avx512: return {avx512::winograd::pack, avx512::winograd::transform, avx512::winograd::multiply};
    case instruction_set::avx2: return {avx2::winograd::pack, avx2::winograd::transform, avx2::winograd::multiply};
#endif
    default: return {plain::winograd::pack, plain::winograd::transform, plain::winograd::multiply};
  }
}

/// Transforms weights: forward (filters, channels, kernel(), kernel()); backward_data, where x is dy and y is dx, (channels, filters, 3, 3).
template <class Pool>
void pack_winograd3x3(Pool& pool, instruction_set set, const winograd3x3_shape& s, direction to, const float* weights, float* packed) {
  const auto f = winograd3x3_of(set);
  pool.run(s.filter_blocks() * s.depth_blocks(), [&](int task) { f.pack(s, to, weights, packed, task); });
  std::fill_n(packed + winograd3x3_packed_size(s) - s.channels, s.channels, 0.0f);
}

template <class Pool>
void winograd3x3(Pool& pool, instruction_set set, const winograd3x3_arguments& a) {
  const auto f = winograd3x3_of(set);
  const winograd3x3_shape& s = a.shape;
  const int filter_blocks = s.filter_blocks(), depth_blocks = s.depth_blocks();
  if (s.many_blocks()) {
    pool.run(s.blocks(), [&](int block, int slot) {
      float* v = a.scratch + slot * (s.input_size() + s.output_size());
      f.transform(a, block, {0, s.depth()}, v);
      for (int filters = 0; filters < filter_blocks; ++filters) f.multiply(a, block, filters, v, v + s.input_size());
    });
    return;
  }
  const auto v = [&](int block) { return a.scratch + block * s.input_size(); };
  pool.run(s.blocks() * depth_blocks, [&](int task) {
    const int first = task % depth_blocks * winograd::block_channels;
    f.transform(a, task / depth_blocks, {first, std::min(first + winograd::block_channels, s.depth())}, v(task / depth_blocks));
  });
  pool.run(s.blocks() * filter_blocks, [&](int task, int slot) {
    f.multiply(a, task / filter_blocks, task % filter_blocks, v(task / filter_blocks), v(s.blocks()) + slot * s.output_size());
  });
}

}  // namespace viseme::kernels::cpu
