// Random numbers that are a pure function of seed and place, so that any frame can be drawn alone and a seed means the same everywhere.
#pragma once

#include <cmath>
#include <cstdint>

namespace viseme::demo {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): one 64-bit hash of its argument.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Uniform in [0, 1), fixed by (seed, place).
constexpr double uniform(std::uint64_t seed, std::uint64_t place) { return double(mix(mix(seed) ^ place) >> 11) * 0x1p-53; }
constexpr double uniform(std::uint64_t seed, std::uint64_t place, double low, double high) {
  return low + (high - low) * uniform(seed, place);
}

/// Smooth noise in [-1, 1] with one knot per unit square.
inline double value_noise(std::uint64_t seed, double x, double y) {
  const double fx = std::floor(x), fy = std::floor(y);
  const auto knot = [&](int dx, int dy) {
    const auto ix = std::uint32_t(std::int32_t(fx) + dx), iy = std::uint32_t(std::int32_t(fy) + dy);
    return uniform(seed, (std::uint64_t(iy) << 32) | ix, -1, 1);
  };
  const auto ease = [](double t) { return t * t * (3 - 2 * t); };
  const double u = ease(x - fx), v = ease(y - fy);
  return std::lerp(std::lerp(knot(0, 0), knot(1, 0), u), std::lerp(knot(0, 1), knot(1, 1), u), v);
}

/// Three octaves of value noise, about [-1, 1].
inline double cloud_noise(std::uint64_t seed, double x, double y) {
  return (value_noise(seed, x, y) + 0.5 * value_noise(seed + 1, 2 * x, 2 * y) + 0.25 * value_noise(seed + 2, 4 * x, 4 * y)) / 1.75;
}

}  // namespace viseme::demo
