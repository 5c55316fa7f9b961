// Activations as the kernels see them, and how their pixels are cut into tasks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace viseme::kernels::cpu {

/// (N, H, W, C) floats: pixel p = (n * H + h) * W + w is the C floats at data + p * stride, stride >= C. A stride above C makes a tensor a
/// channel slice of a wider one, so a concatenation needs no copy.
struct const_pixels {
  const float* data = nullptr;
  std::ptrdiff_t stride = 0;

  const float* operator[](std::ptrdiff_t pixel) const { return data + pixel * stride; }
  explicit operator bool() const { return data != nullptr; }
};

/// As const_pixels, to be written.
struct pixels {
  float* data = nullptr;
  std::ptrdiff_t stride = 0;

  float* operator[](std::ptrdiff_t pixel) const { return data + pixel * stride; }
  explicit operator bool() const { return data != nullptr; }
  operator const_pixels() const { return {data, stride}; }
};

/// What a gradient kernel does with what its output already holds.
enum class writing { overwrite, accumulate };

/// Pieces [begin, end) of a task.
struct piece_range {
  std::ptrdiff_t begin, end;
};

/// Into how many tasks `pieces` of `floats` each are cut: 32768 to 131072 floats a task, so fixed by the size of the work alone.
inline int task_count(std::ptrdiff_t pieces, std::ptrdiff_t floats) {
  const std::ptrdiff_t total = pieces * floats, target = std::clamp<std::ptrdiff_t>(total / 64, 32768, 131072);
  return int(std::clamp<std::ptrdiff_t>((total + target - 1) / target, 1, std::max<std::ptrdiff_t>(pieces, 1)));
}

/// The pieces of one task of `tasks`.
inline piece_range slice(std::ptrdiff_t pieces, int tasks, int task) { return {pieces * task / tasks, pieces * (task + 1) / tasks}; }

/// Asks for channels of `count` pixels. Kernels walk over the channels of several pixels at once: as many interleaved streams within a few kilobytes,
/// which the hardware does not foresee where a pixel is more than a line or two.
inline void prefetch(const_pixels x, std::ptrdiff_t first, std::ptrdiff_t count, piece_range channels) {
  constexpr int line = 64 / sizeof(float);
  for (const float* pixel = x[first]; count > 0; --count, pixel += x.stride)
    for (std::ptrdiff_t c = channels.begin; c < channels.end; c += line) __builtin_prefetch(pixel + c);
}

/// Whether a tensor is written past the caches: it does not fit there, and whole vectors of it are aligned. Spares reading what is overwritten.
inline bool bypasses_caches(const pixels& y, std::ptrdiff_t count, int channels) {
  constexpr std::ptrdiff_t cached = std::ptrdiff_t(32) << 20, vector = 16;
  return count * channels * std::ptrdiff_t(sizeof(float)) > cached && y.stride % vector == 0 && channels % vector == 0 &&
         reinterpret_cast<std::uintptr_t>(y.data) % (vector * sizeof(float)) == 0;
}

}  // namespace viseme::kernels::cpu
