// The rule by which the golden files' weights and inputs follow from (salt, name, index): tests/reference/make_golden.py describes it.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace viseme::tests {

/// `n` numbers in [0, 1): splitmix64 of (FNV-1a of "salt:name") + i, its upper 24 bits over 2^24.
inline std::vector<double> uniform(std::string_view salt, std::string_view name, std::size_t n) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : std::string(salt) + ":" + std::string(name)) hash = (hash ^ byte) * 0x100000001b3;
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t x = hash + i + 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    x ^= x >> 31;
    values[i] = double(x >> 40) * 0x1p-24;
  }
  return values;
}

/// Values of the parameter or buffer `name`, row-major. `sizes` is empty for num_batches_tracked; `batch_norm_gain` is 1/8 for PFLD.
inline std::vector<double> golden_parameter(std::string_view salt, std::string_view name, const std::vector<std::int64_t>& sizes,
                                            bool of_batch_norm, double batch_norm_gain = 1) {
  std::int64_t count = 1;
  for (const auto size : sizes) count *= size;
  const auto leaf = name.substr(name.rfind('.') + 1);
  if (leaf == "num_batches_tracked") return std::vector<double>(std::size_t(count), 0.0);
  auto values = uniform(salt, name, std::size_t(count));
  const double fan_in = sizes.empty() ? 1 : double(count) / double(sizes[0]);
  const double weight_range = std::exp2(std::nearbyint(std::log2(std::sqrt(3 / fan_in))));
  for (auto& v : values) {
    if (leaf == "bias" || leaf == "running_mean")
      v = (2 * v - 1) * 0.125;
    else if (leaf == "running_var")
      v = 0.5 + v;
    else if (of_batch_norm)
      v = (0.5 + v) * batch_norm_gain;
    else
      v = (2 * v - 1) * weight_range;
  }
  return values;
}

/// Values of a net's input: [0, 1) for "image" and "face", [-1, 1) for all others.
inline std::vector<double> golden_input(std::string_view salt, std::string_view name, std::size_t n) {
  auto values = uniform(salt, name, n);
  if (name != "image" && name != "face")
    for (auto& v : values) v = 2 * v - 1;
  return values;
}

/// "a.b.weight" -> "a.b".
inline std::string owner_of(std::string_view name) {
  const auto dot = name.rfind('.');
  return std::string(dot == name.npos ? std::string_view() : name.substr(0, dot));
}

/// The owners, among parameter names, that are batch norms: those with a running mean.
template <class Names>
std::unordered_set<std::string> batch_norms(const Names& names) {
  std::unordered_set<std::string> owners;
  for (const std::string& name : names)
    if (name == "running_mean" || name.ends_with(".running_mean")) owners.insert(owner_of(name));
  return owners;
}

}  // namespace viseme::tests
