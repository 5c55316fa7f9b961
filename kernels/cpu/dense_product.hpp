// The product under every dense convolution: for each output pixel p and column n,
//     y[p][n] = act(sum over taps t, channels d of x[pixel(p, t)][d] B[t][d][n] + bias[n] + residual[p][n])
// x (N, in.h, in.w, depth) and y (N, out.h, out.w, columns) are NHWC with a pixel stride; pixel(p, t) outside of x counts as zeros.
//
// Forward, the output pixels are one lattice of step 1 that reads x in steps of the stride. Backward to the data (y is dx, x is dy),
// the pixels of dx fall into stride.h * stride.w lattices; those of one lattice meet the same subset of the taps, so nothing is spent
// on the zeros between dy's pixels.
//
// The body: weights lie in panels of two vectors of columns, (panel, tap, depth, 2 width); a tile of `tile_rows` pixels x one panel is
// kept in registers. A task is a block of pixels x a range of panels. It walks depth in blocks, keeping partial sums in y: a piece of a
// panel stays in L1 while the block's pixels stream from L2, or, where all its pieces fit in L2, a tile's pixels stay and y is written
// row by row. Pixels are reached through a list of pointers, one per tap, so
// that a k x k window costs no copy. Every sum is taken in one order that depends on the shape alone, not on the tasks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>
#include <kernels/cpu/simd.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::kernels::cpu {

/// One axis of a lattice: output coordinates origin + step * i, i < count; tap j reads input coordinate in_step * i + offset +- j.
struct lattice_axis {
  int origin = 0, count = 0, taps = 0, first_tap = 0, offset = 0;
};

struct dense_product {
  int images = 0, depth = 0, columns = 0;
  size2 in, out, kernel, stride, pad;
  int first_depth = 0, of_depth = 0;  // 1x1 only: `packed` holds of_depth, of which `depth` from first_depth on are meant; 0: all
  bool transposed = false;            // backward to the data: `in` is dy's size, `out` dx's

  const_pixels x;
  const float* packed = nullptr;
  struct pixels y;
  epilogue after;

  constexpr int packed_depth() const { return of_depth ? of_depth : depth; }
  constexpr int lattices() const { return transposed ? stride.h * stride.w : 1; }

  static constexpr lattice_axis axis(bool transposed, int out, int kernel, int stride, int pad, int remainder) {
    if (!transposed) return {0, out, kernel, 0, -pad};
    lattice_axis a;
    a.origin = ((remainder - pad) % stride + stride) % stride;
    a.count = a.origin < out ? (out - a.origin + stride - 1) / stride : 0;
    a.taps = remainder < kernel ? (kernel - remainder + stride - 1) / stride : 0;
    a.first_tap = remainder;
    a.offset = (a.origin + pad - remainder) / stride;
    return a;
  }
  constexpr lattice_axis rows_of(int lattice) const { return axis(transposed, out.h, kernel.h, stride.h, pad.h, lattice / stride.w); }
  constexpr lattice_axis cols_of(int lattice) const { return axis(transposed, out.w, kernel.w, stride.w, pad.w, lattice % stride.w); }
  constexpr std::int64_t pixels_of(int lattice) const { return std::int64_t(images) * rows_of(lattice).count * cols_of(lattice).count; }
  constexpr int taps_of(int lattice) const { return rows_of(lattice).taps * cols_of(lattice).taps; }
};

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/dense_product.inl>
#include <kernels/cpu/each_set.hpp>
