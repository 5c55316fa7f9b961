// Layers that change height and width without parameters: bilinear x2, max and average pooling.
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

/// Bilinear, align_corners = true: output row i reads source row i (h - 1) / (2h - 1).
struct upsample2x {
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{};
  static constexpr int channels(const shapes& x) { return x[0].c; }
  static constexpr shape out(const shapes& x) { return {x[0].n, x[0].c, 2 * x[0].h, 2 * x[0].w}; }
};

/// K x K windows, stride K, no padding, an incomplete last window dropped. Backward gives the gradient to a window's first maximum.
template <int K>
struct max_pool {
  static constexpr int size = K;
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{.input = true};
  static constexpr int channels(const shapes& x) { return x[0].c; }
  static constexpr shape out(const shapes& x) { return {x[0].n, x[0].c, x[0].h / K, x[0].w / K}; }
};

/// Mean over the whole height and width: (N, C, 1, 1).
struct global_average_pool {
  static constexpr auto parameters = no_parameters;
  static constexpr saves backward_reads{};
  static constexpr int channels(const shapes& x) { return x[0].c; }
  static constexpr shape out(const shapes& x) { return {x[0].n, x[0].c, 1, 1}; }
};

/// Mean over K x K windows, stride K, no padding.
template <int K>
struct average_pool : global_average_pool {
  static constexpr int size = K;
  static constexpr shape out(const shapes& x) { return {x[0].n, x[0].c, x[0].h / K, x[0].w / K}; }
};

}  // namespace viseme
