// Initial parameters as PyTorch's defaults: convolutions uniform in +-1/sqrt(fan in), norms one and zero.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include <viseme/graph/parameters.hpp>

namespace viseme {

/// A number in [0, 1) that depends on (seed, name, index) alone: splitmix64 of an FNV-1a hash.
inline double uniform_at(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  std::uint64_t h = 0xcbf29ce484222325 ^ seed;
  for (unsigned char c : name) h = (h ^ c) * 0x100000001b3;
  std::uint64_t x = h + index + 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return double((x ^ x >> 31) >> 11) * 0x1p-53;
}

/// The flat block of a net at the start of training.
inline std::vector<float> initial_values(const std::vector<parameter_entry>& entries, std::uint64_t seed) {
  std::vector<float> block(block_size(entries));
  double bound = 0;  // a convolution's bias follows its weight and shares its bound
  for (const auto& e : entries) {
    const bool scale = e.norm && e.name.ends_with("weight");
    if (!e.norm && e.sizes.size() == 4) bound = 1 / std::sqrt(double(e.count) / double(e.sizes[0]));
    for (std::size_t i = 0; i < e.count; ++i)
      block[e.offset + i] = e.norm ? float(scale || e.name.ends_with("running_var")) : float((2 * uniform_at(seed, e.name, i) - 1) * bound);
  }
  return block;
}

}  // namespace viseme
