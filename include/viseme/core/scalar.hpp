// Two-byte scalars as storage: explicit conversion from and to float, no arithmetic of their own. Sums are always float.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include <viseme/core/attributes.hpp>
#include <viseme/core/bf16.hpp>

namespace viseme {

namespace detail {

/// IEEE 754 binary16 from float: to nearest, ties to even; too large becomes infinite, a NaN stays a quiet NaN.
VISEME_DEVICE constexpr std::uint16_t to_fp16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return std::uint16_t(sign | 0x7e00u);
  if (magnitude >= 0x47800000u) return std::uint16_t(sign | 0x7c00u);
  const int exponent = int(magnitude >> 23) - 112;  // as binary16's, biased by 15
  const std::uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const int drop = exponent > 0 ? 13 : 14 - exponent;  // mantissa bits that do not fit
  if (drop > 24) return std::uint16_t(sign);
  const std::uint32_t kept = mantissa >> drop, rest = mantissa & ((1u << drop) - 1), half = 1u << (drop - 1);
  const std::uint32_t rounded = kept + (rest > half || (rest == half && (kept & 1)));
  return std::uint16_t(sign | (exponent > 0 ? (std::uint32_t(exponent) << 10) + rounded - 0x400u : rounded));
}

VISEME_DEVICE constexpr float from_fp16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t(bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu, mantissa = bits & 0x3ffu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float tiny = float(mantissa) * 0x1p-24f;
  return sign ? -tiny : tiny;
}

// One instruction each where a GPU has it.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
__device__ inline std::uint16_t fp16_bits(float value) {
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
__device__ inline float fp16_value(std::uint16_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}
#else
VISEME_DEVICE constexpr std::uint16_t fp16_bits(float value) { return to_fp16(value); }
VISEME_DEVICE constexpr float fp16_value(std::uint16_t bits) { return from_fp16(bits); }
#endif
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
__device__ inline std::uint16_t bf16_bits(float value) {
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
#else
VISEME_DEVICE constexpr std::uint16_t bf16_bits(float value) { return to_bf16(value); }
#endif

}  // namespace detail

/// bfloat16: the upper half of a float's bits.
struct bf16 {
  std::uint16_t bits;

  bf16() = default;
  VISEME_DEVICE explicit constexpr bf16(float value) : bits(detail::bf16_bits(value)) {}
  VISEME_DEVICE explicit constexpr operator float() const { return from_bf16(bits); }
};

/// IEEE 754 binary16.
struct fp16 {
  std::uint16_t bits;

  fp16() = default;
  VISEME_DEVICE explicit constexpr fp16(float value) : bits(detail::fp16_bits(value)) {}
  VISEME_DEVICE explicit constexpr operator float() const { return detail::fp16_value(bits); }
};

template <class T>
inline constexpr bool is_half = std::is_same_v<T, bf16> || std::is_same_v<T, fp16>;

/// What parameters, statistics and sums are where activations are T: float beside the two-byte scalars, else T itself.
template <class T>
using master_of = std::conditional_t<is_half<T>, float, T>;

/// Elements of `master_of<T>` that hold `count` of T.
template <class T>
constexpr std::size_t masters_for(std::size_t count) {
  return (count * sizeof(T) + sizeof(master_of<T>) - 1) / sizeof(master_of<T>);
}

}  // namespace viseme
