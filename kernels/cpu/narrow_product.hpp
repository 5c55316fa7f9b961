// A 1x1 convolution in numbers narrower than float, for inference:
//     y[p][n] = act(s[p] t[n] sum over d of q[p][d] w[n][d] + bias[n] + residual[p][n])
// x (pixels, depth) and y (pixels, columns) are floats, NHWC with a pixel stride; sums are 32 bits wide.
//
// int8: a pixel's codes are q = round(x / s), s = max |x| / 127, or max x / 255 where x is known not to be negative; a column's weights
// w = round(W / t). So every pixel and every column has a scale of its own: nothing is clipped and no range is guessed (dynamic
// quantisation by token, symmetric per-channel weights: Dettmers et al. 2022, LLM.int8). Integer sums are exact: no order matters, and
// every instruction set has the same. Codes are stored unsigned, q + 128 where negative ones exist, as the instructions want them; 128
// times the sum of a column's weights is then taken off, computed as a pixel of codes 128. |w| <= 127 and |w[2i]| + |w[2i + 1]| <= 128 (see
// simd_narrow.hpp); t is the smallest scale that allows it. A pixel that holds a NaN or an infinity becomes NaN in all columns. bf16: q and
// w are x and W rounded to the nearest, s and t are 1.
//
// A group is the 32 bits that one lane multiplies: four codes, or two bf16. Weights lie in panels of two vectors of columns,
// (panel, depth / group, 2 width, group); a pixel's numbers lie side by side, padded with zeros.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>
#include <kernels/cpu/simd_narrow.hpp>
#include <viseme/core/scalar.hpp>

namespace viseme::kernels::cpu {

struct narrow_product {
  int depth = 0, columns = 0;
  int first_depth = 0, of_depth = 0;  // `packed` holds of_depth, of which `depth` from first_depth on (a multiple of 4) are meant; 0: all
  bool from_zero = false;             // x is never negative
  const_pixels x;
  const float* packed = nullptr;  // by pack_narrow: scales, then weights
  struct pixels y;
  epilogue after;

  constexpr int packed_depth() const { return of_depth ? of_depth : depth; }
};

/// Narrow numbers of pixels, and their scales.
struct narrow_pixels {
  std::byte* numbers = nullptr;
  float* scale = nullptr;
};

constexpr int narrow_group(arithmetic how) { return how == arithmetic::int8 ? 4 : 2; }
/// Bytes from pixel to pixel.
constexpr std::ptrdiff_t narrow_stride(arithmetic how, int depth) { return (depth * 4 / narrow_group(how) + 63) / 64 * 64; }

/// Floats that `pixels` narrow pixels of one depth take; numbers of a few more are read and not used.
constexpr std::size_t narrow_size(arithmetic how, std::ptrdiff_t pixels, int depth) {
  return std::size_t(pixels) + std::size_t(pixels + 11) * (narrow_stride(how, depth) / 4);
}
inline narrow_pixels narrow_at(float* memory, std::ptrdiff_t pixels) { return {reinterpret_cast<std::byte*>(memory + pixels), memory}; }

/// The set whose kernels an arithmetic takes on a machine of this set.
inline instruction_set set_for(arithmetic how, instruction_set set) {
  return how == arithmetic::bf16 && !has_bf16(set) ? instruction_set::avx2 : set;
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/narrow_product.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// What a backend needs of one instruction set's product.
struct narrow_functions {
  std::size_t (*packed_size)(int columns, int depth);
  int (*panels)(int columns);
  void (*pack)(int columns, int depth, const float* weights, float* packed, int panel);
  void (*narrow)(const narrow_product&, std::ptrdiff_t first, std::ptrdiff_t end, const narrow_pixels&);
  int (*tasks)(const narrow_product&, std::ptrdiff_t pixels);
  void (*run)(const narrow_product&, std::ptrdiff_t pixels, const narrow_pixels&, int task);
};

template <arithmetic how>
narrow_functions narrow_of(instruction_set set) {
  switch (set_for(how, set)) {
#if defined(__x86_64__)
    case instruction_set::avx512:
      return {avx512::narrow::packed_size<how>, avx512::narrow::panels, avx512::narrow::pack<how>,
              avx512::narrow::narrow<how>,      avx512::narrow::tasks,  avx512::narrow::run<how>};
    case instruction_set::avx2:
      return {avx2::narrow::packed_size<how>, avx2::narrow::panels, avx2::narrow::pack<how>,
              avx2::narrow::narrow<how>,      avx2::narrow::tasks,  avx2::narrow::run<how>};
#endif
    default:
      return {plain::narrow::packed_size<how>, plain::narrow::panels, plain::narrow::pack<how>,
              plain::narrow::narrow<how>,      plain::narrow::tasks,  plain::narrow::run<how>};
  }
}

/// Floats that `pack_narrow` fills for weights (columns, depth).
template <arithmetic how>
std::size_t narrow_packed_size(instruction_set set, int columns, int depth) {
  return narrow_of<how>(set).packed_size(columns, depth);
}

template <arithmetic how, class Pool>
void pack_narrow(Pool& pool, instruction_set set, int columns, int depth, const float* weights, float* packed) {
  const auto f = narrow_of<how>(set);
  pool.run(f.panels(columns), [&](int panel) { f.pack(columns, depth, weights, packed, panel); });
}

/// y of `pixels` pixels; `scratch` holds narrow_size(how, pixels, depth) floats.
template <arithmetic how, class Pool>
void multiply(Pool& pool, instruction_set set, const narrow_product& p, std::ptrdiff_t pixels, float* scratch) {
  const auto f = narrow_of<how>(set);
  const auto x = narrow_at(scratch, pixels);
  const int slices = task_count(pixels, p.depth);
  pool.run(slices, [&](int task) {
    const auto part = slice(pixels, slices, task);
    f.narrow(p, part.begin, part.end, x);
  });
  pool.run(f.tasks(p, pixels), [&](int task) { f.run(p, pixels, x, task); });
}

}  // namespace viseme::kernels::cpu
