// What the kernel tests share: strided NHWC tensors in guarded memory, every instruction set that runs here, comparisons.
#pragma once

#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <viseme/run/thread_pool.hpp>
#include <kernels/cpu/instruction_set.hpp>
#include <kernels/cpu/pixels.hpp>
#include "guarded_buffer.hpp"

namespace viseme::tests {

/// (N, H, W, C) with a pixel stride of C + gap; the last pixel ends at the guard page and the gaps hold NaN.
struct tensor {
  int n, h, w, c;
  std::ptrdiff_t stride;
  guarded_buffer buffer;

  tensor(int n, int h, int w, int c, int gap = 0)
      : n(n), h(h), w(w), c(c), stride(c + gap), buffer(std::size_t(n) * h * w * stride - gap) {}
  static tensor random(int n, int h, int w, int c, int gap, std::uint32_t seed, float spread = 1, float mean = 0) {
    tensor t(n, h, w, c, gap);
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(mean, spread);
    for (std::ptrdiff_t p = 0; p < t.count(); ++p)
      for (int i = 0; i < c; ++i) t.pixels()[p][i] = normal(generator);
    return t;
  }
  std::ptrdiff_t count() const { return std::ptrdiff_t(n) * h * w; }
  kernels::cpu::pixels pixels() { return {buffer.data(), stride}; }
  float& at(int i, int y, int x, int k) { return buffer[((std::size_t(i) * h + y) * w + x) * stride + k]; }
  float at(int i, int y, int x, int k) const { return buffer[((std::size_t(i) * h + y) * w + x) * stride + k]; }
  /// A copy in guarded memory of its own.
  tensor clone() const {
    tensor t(n, h, w, c, int(stride) - c);
    std::copy(buffer.begin(), buffer.end(), t.buffer.begin());
    return t;
  }
  /// The values in order, without gaps.
  std::vector<float> values() const {
    std::vector<float> v;
    for (std::ptrdiff_t p = 0; p < count(); ++p) v.insert(v.end(), buffer.data() + p * stride, buffer.data() + p * stride + c);
    return v;
  }
  bool gaps_untouched() const {
    for (std::ptrdiff_t p = 0; p + 1 < count(); ++p)
      for (std::ptrdiff_t i = c; i < stride; ++i)
        if (!std::isnan(buffer[p * stride + i])) return false;
    return true;
  }
};

inline std::vector<kernels::cpu::instruction_set> sets_here() {
  std::vector<kernels::cpu::instruction_set> sets;
  for (auto s : {kernels::cpu::instruction_set::plain, kernels::cpu::instruction_set::avx2, kernels::cpu::instruction_set::avx512})
    if (runs_here(s)) sets.push_back(s);
  return sets;
}

/// Largest |got - expected| over the largest |expected| (or 1e-30); infinite when one is NaN and the other is not.
template <class A, class B> double relative_error(const A& got, const B& expected) {
  double worst = 0, scale = 1e-30;
  if (std::size(got) != std::size(expected)) return INFINITY;
  for (std::size_t i = 0; i < std::size(got); ++i) {
    if (std::isnan(got[i]) != std::isnan(expected[i])) return INFINITY;
    if (std::isnan(expected[i]) || double(got[i]) == double(expected[i])) continue;
    worst = std::max(worst, std::abs(double(got[i]) - double(expected[i])));
    scale = std::max(scale, std::abs(double(expected[i])));
  }
  return worst / scale;
}

/// Same bits, for results that must not depend on the number of threads.
template <class A, class B> bool same_bits(const A& a, const B& b) {
  return std::size(a) == std::size(b) && std::memcmp(std::data(a), std::data(b), std::size(a) * sizeof(*std::data(a))) == 0;
}

}  // namespace viseme::tests
