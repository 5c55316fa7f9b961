// The element types of stored arrays: sizes, names, and float <-> half and bfloat16.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <viseme/core/bf16.hpp>

namespace viseme::io {

enum class element { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Bytes of one element.
constexpr std::size_t size_of(element type) {
  switch (type) {
    case element::f64:
    case element::i64:
      return 8;
    case element::f32:
    case element::i32:
      return 4;
    case element::f16:
    case element::bf16:
    case element::i16:
      return 2;
    default:
      return 1;
  }
}

constexpr std::string_view name_of(element type) {
  constexpr std::string_view names[] = {"fp64", "fp32", "fp16", "bf16", "int64", "int32", "int16", "int8", "uint8", "bool"};
  return names[std::size_t(type)];
}

constexpr bool is_floating(element type) { return type <= element::bf16; }

using viseme::from_bf16;
using viseme::to_bf16;

constexpr float from_f16(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = float(mantissa) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

/// Rounds to nearest, ties to even, subnormals included; a NaN stays a (quiet) NaN, too large becomes infinite.
constexpr std::uint16_t to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = std::uint16_t(bits >> 16 & 0x8000);
  const auto magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return std::uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x47800000) return std::uint16_t(sign | 0x7c00);
  if (magnitude >= 0x38800000) return std::uint16_t(sign | (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13);
  const float shifted = std::bit_cast<float>(magnitude) + 0.5f;  // 0.5 has 2^-24 as its last bit: the addition rounds as fp16 would
  return std::uint16_t(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000));
}

}  // namespace viseme::io
