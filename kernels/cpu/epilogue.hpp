// What a product does with a finished sum before storing it: y = act(sum + bias + residual).
#pragma once

#include <cstddef>

namespace viseme::kernels::cpu {

enum class activation { none, relu, leaky_relu, sigmoid };

struct epilogue {
  const float* bias = nullptr;      // (C), or null
  const float* residual = nullptr;  // pixels as the output's, or null; may be the output itself
  std::ptrdiff_t residual_stride = 0;
  activation act = activation::none;
  float slope = 0;  // of leaky_relu, for negative sums
};

}  // namespace viseme::kernels::cpu
