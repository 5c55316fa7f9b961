// A 1x1 convolution in 8-bit integers, for inference:
//     y[p][n] = act(s[p] t[n] sum over d of q[p][d] w[n][d] + bias[n] + residual[p][n])
// x (pixels, depth) and y (pixels, columns) are floats, NHWC with a pixel stride. A pixel's codes are q = round(x / s), s = max |x| / 127, or
// max x / 255 where x is known not to be negative; a column's weights w = round(W / t). So every pixel and every column has a scale of its
// own: nothing is clipped and no range is guessed (dynamic quantisation by token, symmetric per-channel weights: Dettmers et al. 2022, LLM.int8).
// Integer sums are exact: no order of summing matters, and every instruction set has the same.
//
// Codes are stored unsigned, q + 128 where negative ones exist, as the instructions want them; 128 times the sum of a column's weights is then
// taken off, computed as a pixel of codes 128. Weights lie in panels of two vectors of columns, (panel, depth / 4, 2 width, 4), rounded
// such that |w| <= 127 and |w[2i]| + |w[2i + 1]| <= 128 (see simd_int8.hpp). t is the smallest scale that allows it.
// A pixel that holds a NaN or an infinity becomes NaN in all columns.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>
#include <kernels/cpu/simd_int8.hpp>

namespace viseme::kernels::cpu {

struct int8_product {
  int depth = 0, columns = 0;
  int first_depth = 0, of_depth = 0;  // `packed` holds of_depth, of which `depth` from first_depth on (a multiple of 4) are meant; 0: all
  bool from_zero = false;             // x is never negative
  const_pixels x;
  const float* packed = nullptr;  // by pack_int8: scales, then weights
  struct pixels y;
  epilogue after;

  constexpr int packed_depth() const { return of_depth ? of_depth : depth; }
};

/// Codes of pixels and their scales, made by `quantize`. A pixel's codes are padded with zeros of x to `int8_stride`.
struct coded_pixels {
  std::uint8_t* codes = nullptr;
  float* scale = nullptr;
};

constexpr std::ptrdiff_t int8_stride(int depth) { return (depth + 31) / 32 * 32; }

/// Floats that `pixels` coded pixels of one depth take; codes of a few more are read and not used.
constexpr std::size_t coded_size(std::ptrdiff_t pixels, int depth) { return std::size_t(pixels) + std::size_t(pixels + 11) * (int8_stride(depth) / 4); }
inline coded_pixels coded_at(float* memory, std::ptrdiff_t pixels) { return {reinterpret_cast<std::uint8_t*>(memory + pixels), memory}; }

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/int8_product.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// What a backend needs of one instruction set's product.
struct int8_functions {
  std::size_t (*packed_size)(int columns, int depth);
  int (*panels)(int columns);
  void (*pack)(int columns, int depth, const float* weights, float* packed, int panel);
  void (*quantize)(const int8_product&, std::ptrdiff_t first, std::ptrdiff_t end, const coded_pixels&);
  int (*tasks)(const int8_product&, std::ptrdiff_t pixels);
  void (*run)(const int8_product&, std::ptrdiff_t pixels, const coded_pixels&, int task);
};

inline int8_functions int8_of(instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    case instruction_set::avx512: return {avx512::int8::packed_size, avx512::int8::panels, avx512::int8::pack, avx512::int8::quantize, avx512::int8::tasks, avx512::int8::run};
    case instruction_set::avx2: return {avx2::int8::packed_size, avx2::int8::panels, avx2::int8::pack, avx2::int8::quantize, avx2::int8::tasks, avx2::int8::run};
#endif
    default: return {plain::int8::packed_size, plain::int8::panels, plain::int8::pack, plain::int8::quantize, plain::int8::tasks, plain::int8::run};
  }
}

/// Floats that `pack_int8` fills for weights (columns, depth).
inline std::size_t int8_packed_size(instruction_set set, int columns, int depth) { return int8_of(set).packed_size(columns, depth); }

template <class Pool>
void pack_int8(Pool& pool, instruction_set set, int columns, int depth, const float* weights, float* packed) {
  const auto f = int8_of(set);
  pool.run(f.panels(columns), [&](int panel) { f.pack(columns, depth, weights, packed, panel); });
}

/// y of `pixels` pixels; `scratch` holds coded_size(pixels, depth) floats.
template <class Pool>
void multiply(Pool& pool, instruction_set set, const int8_product& p, std::ptrdiff_t pixels, float* scratch) {
  const auto f = int8_of(set);
  const auto coded = coded_at(scratch, pixels);
  const int slices = task_count(pixels, p.depth);
  pool.run(slices, [&](int task) {
    const auto part = slice(pixels, slices, task);
    f.quantize(p, part.begin, part.end, coded);
  });
  pool.run(f.tasks(p, pixels), [&](int task) { f.run(p, pixels, coded, task); });
}

}  // namespace viseme::kernels::cpu
