// Random numbers as a function of (seed, stream, position): nothing to save, the same whoever asks and in whatever order.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace viseme::train {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014) over the three words.
constexpr std::uint64_t random_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  const auto mix = [](std::uint64_t z) {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  };
  return mix(mix(mix(seed) ^ stream) ^ position);
}

/// Even over 0 .. n - 1 to within n / 2^32, for n below 2^32.
constexpr std::uint64_t random_below(std::uint64_t n, std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  return (random_at(seed, stream, position) >> 32) * n >> 32;
}

/// A shuffle of 0 .. n - 1 (Fisher-Yates).
inline std::vector<std::int64_t> shuffled(std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_below(i, seed, stream, i)]);
  return order;
}

}  // namespace viseme::train
