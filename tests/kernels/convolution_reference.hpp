// Naive convolutions in double, and buffers with an unreadable page on either side, for the tests of the CPU kernels.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <kernels/cpu/dense_convolution.hpp>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace viseme::tests {

/// Floats that end exactly where an unreadable page begins (a second one lies before the first page).
class guarded {
public:
  guarded(std::size_t count, float fill = 0) : count_(count) {
    const std::size_t page = std::size_t(sysconf(_SC_PAGESIZE)), bytes = (count * sizeof(float) + page - 1) / page * page;
    size_ = bytes + 2 * page;
    base_ = static_cast<char*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(base_, page, PROT_NONE);
    mprotect(base_ + page + bytes, page, PROT_NONE);
    data_ = reinterpret_cast<float*>(base_ + page + bytes) - count;
    for (std::size_t i = 0; i < count; ++i) data_[i] = fill;
  }
  guarded(std::size_t count, std::mt19937& random) : guarded(count) {
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::size_t i = 0; i < count; ++i) data_[i] = uniform(random);
  }
  guarded(guarded&& other) noexcept
      : count_(other.count_), size_(other.size_), base_(std::exchange(other.base_, nullptr)), data_(other.data_) {}
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;
  ~guarded() {
    if (base_) munmap(base_, size_);
  }

  float* data() { return data_; }
  const float* data() const { return data_; }
  float& operator[](std::size_t i) { return data_[i]; }
  float operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return count_; }

private:
  std::size_t count_, size_;
  char* base_;
  float* data_;
};

/// Calls f(set) for every set of this machine and says which it leaves out.
template <class F>
void for_each_set(F f) {
  using kernels::cpu::instruction_set;
  for (auto set : {instruction_set::plain, instruction_set::avx2, instruction_set::avx512}) {
    if (kernels::cpu::runs_here(set))
      f(set);
    else
      std::cout << "not run: this machine has no " << kernels::cpu::name(set) << std::endl;
  }
}

/// Floats of a tensor of `pixels` pixels that ends with its last channel.
inline std::size_t floats(std::size_t pixels, std::ptrdiff_t stride, int channels) { return pixels ? (pixels - 1) * stride + channels : 0; }

/// Calls f(output pixel, input pixel, tap) for every tap inside of x.
template <class F>
void for_each_tap(const kernels::cpu::dense_shape& s, F f) {
  const auto out = s.out();
  for (int n = 0; n < s.images; ++n)
    for (int oy = 0; oy < out.h; ++oy)
      for (int ox = 0; ox < out.w; ++ox)
        for (int ky = 0; ky < s.kernel.h; ++ky)
          for (int kx = 0; kx < s.kernel.w; ++kx) {
            const int y = oy * s.stride.h - s.pad.h + ky, x = ox * s.stride.w - s.pad.w + kx;
            if (y >= 0 && y < s.in.h && x >= 0 && x < s.in.w)
              f((std::size_t(n) * out.h + oy) * out.w + ox, (std::size_t(n) * s.in.h + y) * s.in.w + x, ky * s.kernel.w + kx);
          }
}

/// A sum and the sum of its absolute terms, which is what its rounding is measured against.
struct summed {
  double value = 0, magnitude = 0;
  void add(double term) { value += term, magnitude += std::abs(term); }
};

inline std::string text(const kernels::cpu::dense_shape& s) {
  return std::to_string(s.images) + "x" + std::to_string(s.in.h) + "x" + std::to_string(s.in.w) + " " + std::to_string(s.channels) + "->" +
         std::to_string(s.filters) + " kernel " + std::to_string(s.kernel.h) + "x" + std::to_string(s.kernel.w) + " stride " +
         std::to_string(s.stride.h) + "," + std::to_string(s.stride.w) + " pad " + std::to_string(s.pad.h) + "," + std::to_string(s.pad.w);
}

/// Odd sizes of every kind, and the layers of the nets at reduced size.
inline std::vector<kernels::cpu::dense_shape> convolutions() {
  return {
      {1, 6, 12, {5, 7}},
      {1, 16, 3, {9, 9}},
      {1, 1, 1, {1, 1}},
      {2, 7, 33, {7, 1}},
      {1, 33, 7, {1, 33}},
      {3, 64, 128, {10, 10}},
      {1, 300, 40, {10, 10}},
      {1, 1024, 72, {3, 3}},
      {1, 520, 600, {7, 7}},
      {1, 6, 40, {9, 11}, {1, 1}, {2, 2}},
      {2, 5, 17, {8, 7}, {1, 1}, {3, 2}},
      {1, 3, 64, {17, 15}, {3, 3}, {1, 1}, {1, 1}},
      {2, 64, 64, {12, 13}, {3, 3}, {1, 1}, {1, 1}},
      {1, 300, 34, {6, 5}, {3, 3}, {1, 1}, {1, 1}},
      {1, 15, 32, {21, 18}, {7, 7}, {1, 1}, {3, 3}},
      {1, 32, 20, {19, 16}, {5, 5}, {2, 2}, {1, 1}},
      {1, 20, 33, {11, 12}, {3, 3}, {2, 2}, {2, 2}},
      {1, 9, 24, {13, 16}, {3, 3}, {3, 1}, {1, 1}},
      {1, 24, 10, {13, 16}, {3, 3}, {3, 2}, {1, 1}},
      {1, 32, 16, {16, 16}, {3, 3}, {2, 2}, {3, 3}},
      {1, 10, 18, {12, 12}, {12, 12}},
      {2, 1, 5, {33, 7}, {1, 7}, {1, 2}, {0, 3}},
      {1, 4, 4, {5, 5}, {2, 3}, {4, 5}, {1, 2}},
      {1, 12, 8, {2, 2}, {3, 3}, {1, 1}, {3, 3}},
  };
}

}  // namespace viseme::tests
