// How a product is summed, and what it does with a finished sum before storing it: y = act(sum + bias + residual).
#pragma once

#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

enum class arithmetic { fp32, bf16, int8 };

enum class activation { none, relu, leaky_relu, sigmoid };

struct epilogue {
  const float* bias = nullptr;  // (C), or null
  const_pixels residual = {};   // as the output, or none; may be the output itself
  activation act = activation::none;
  float slope = 0;  // of leaky_relu, for negative sums
};

}  // namespace viseme::kernels::cpu
