// Parameters as kernels read them, made once from PyTorch's.
//     to[t, column, d] = T(W[o, c, t] scale[o]), (column, d) = (o, c), transposed (c, o)
//     scale[o] = gamma / sqrt(var + eps), shift[o] = (b - mean) scale + beta: a norm behind a convolution folded into it
#pragma once

#include <cmath>

#include <kernels/simt/layout.hpp>

namespace viseme::simt {

template <class T>
struct pack_weights {
  static constexpr int threads = elementwise_threads;
  int filters, channels, taps;
  bool transposed;
  const float* weight;  // (filters, channels, taps)
  const float* scale;   // (filters), or null
  T* to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    const auto matrix = std::ptrdiff_t(filters) * channels;
    if (i >= matrix * taps) return;
    const int depth = transposed ? filters : channels, tap = int(i / matrix), inside = int(i - tap * matrix), column = inside / depth,
              d = inside - column * depth;
    const int filter = transposed ? d : column, channel = transposed ? column : d;
    to[i] = T(weight[(std::ptrdiff_t(filter) * channels + channel) * taps + tap] * (scale ? scale[filter] : 1.0f));
  }
};

/// Parameters of a norm, (channels) each; without one: gamma null.
struct norm_parameters {
  const float *gamma = nullptr, *beta = nullptr, *mean = nullptr, *var = nullptr;
};

struct fold_norm {
  static constexpr int threads = elementwise_threads;
  int channels;
  float eps;
  const float* bias;  // or null
  norm_parameters norm;
  float *scale, *shift;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= channels) return;
    const float b = bias ? bias[i] : 0.0f, s = norm.gamma ? norm.gamma[i] / std::sqrt(norm.var[i] + eps) : 1.0f;
    scale[i] = s;
    shift[i] = norm.gamma ? (b - norm.mean[i]) * s + norm.beta[i] : b;
  }
};

}  // namespace viseme::simt
