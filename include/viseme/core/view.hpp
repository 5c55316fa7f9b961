// A tensor somebody else owns: pointer, sizes, steps.
#pragma once

#include <cstddef>
#include <type_traits>

#include <viseme/core/shape.hpp>

namespace viseme {

enum class layout { nchw, nhwc };

/// Distance, in elements, between neighbours along each axis.
struct strides {
  std::ptrdiff_t n = 0, c = 0, h = 0, w = 0;
  constexpr bool operator==(const strides&) const = default;
};

constexpr strides dense_strides(layout l, shape s) {
  const std::ptrdiff_t c = s.c, h = s.h, w = s.w;
  return l == layout::nchw ? strides{c * h * w, h * w, w, 1} : strides{h * w * c, 1, w * c, c};
}

/// Trivially copyable; usable in kernels. Element (n, c, h, w) lies at data[n step.n + c step.c + h step.h + w step.w].
template <class T>
struct view {
  T* data = nullptr;
  shape size;
  strides step;

  constexpr view() = default;
  constexpr view(T* d, shape s, strides st) : data(d), size(s), step(st) {}
  constexpr view(T* d, shape s, layout l) : view(d, s, dense_strides(l, s)) {}
  template <class C>
    requires(!std::is_const_v<T> && std::is_same_v<C, const T>)
  constexpr operator view<C>() const {
    return {data, size, step};
  }
  constexpr explicit operator bool() const { return data != nullptr; }

  constexpr T& operator()(int n, int c, int h, int w) const {
    return data[n * step.n + c * step.c + h * step.h + w * step.w];
  }
  /// Channels [first, first + count) of the same memory.
  constexpr view channels(int first, int count) const {
    return {data + first * step.c, {size.n, count, size.h, size.w}, step};
  }
  constexpr bool dense(layout l) const { return step == dense_strides(l, size); }
};

/// Element by element, whatever the layouts and scalars. Sizes must agree.
template <class From, class To>
void copy(view<From> from, view<To> to) {
  for (int n = 0; n < to.size.n; ++n)
    for (int c = 0; c < to.size.c; ++c)
      for (int h = 0; h < to.size.h; ++h)
        for (int w = 0; w < to.size.w; ++w) to(n, c, h, w) = static_cast<To>(from(n, c, h, w));
}

}  // namespace viseme
