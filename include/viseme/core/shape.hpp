// The sizes of a four-dimensional tensor and of a window, as plan-time numbers.
#pragma once

#include <cstddef>
#include <string>

namespace viseme {

/// Height and width, in elements. Usable as a template value.
struct size2 {
  int h = 1, w = 1;
  constexpr bool operator==(const size2&) const = default;
};

/// (N, C, H, W). Every tensor of the engine has these four; a vector is (N, C, 1, 1).
struct shape {
  int n = 0, c = 0, h = 0, w = 0;

  constexpr bool operator==(const shape&) const = default;
  constexpr std::size_t pixels() const { return std::size_t(n) * h * w; }
  constexpr std::size_t count() const { return pixels() * c; }
};

inline std::string text(shape s) {
  return "(" + std::to_string(s.n) + ", " + std::to_string(s.c) + ", " + std::to_string(s.h) + ", " + std::to_string(s.w) + ")";
}

}  // namespace viseme
