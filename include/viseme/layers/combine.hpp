// Layers of several inputs: sum and channel concatenation.
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

/// Sum of two or more tensors of one shape.
struct add {
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{};
  static constexpr int channels(const shapes& x) {
    for (int i = 1; i < x.count; ++i)
      if (x[i].c != x[0].c) return -1;
    return x[0].c;
  }
  static constexpr shape out(const shapes& x) { return x[0]; }
};

/// Along the channels, in the order of the inputs; heights and widths must agree.
struct concat {
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{};
  static constexpr int channels(const shapes& x) {
    int c = 0;
    for (int i = 0; i < x.count; ++i) c += x[i].c;
    return c;
  }
  static constexpr shape out(const shapes& x) { return {x[0].n, channels(x), x[0].h, x[0].w}; }
};

}  // namespace viseme
