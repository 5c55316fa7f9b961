// bfloat16: the upper half of a float's bits.
#pragma once

#include <bit>
#include <cstdint>

#include <viseme/core/attributes.hpp>

namespace viseme {

VISEME_DEVICE constexpr float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

/// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN, too large becomes infinite.
VISEME_DEVICE constexpr std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return std::uint16_t(bits >> 16 | 0x40);
  return std::uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace viseme
