// Channels-last activations as kernels take them.
#pragma once

#include <cmath>

#include <kernels/simt/thread.hpp>

namespace viseme::simt {

/// Pixel p's channels start at data + p * stride (elements).
template <class T>
struct pixels {
  T* data = nullptr;
  std::ptrdiff_t stride = 0;

  VISEME_DEVICE T* at(std::ptrdiff_t pixel) const { return data + pixel * stride; }
  VISEME_DEVICE explicit operator bool() const { return data != nullptr; }
  template <class C>
    requires(!std::is_const_v<T> && std::is_same_v<C, const T>)
  VISEME_DEVICE operator pixels<C>() const {
    return {data, stride};
  }
};

/// What a result does to what is there.
enum class writing { overwrite, accumulate };

template <class T>
VISEME_DEVICE void put(T& to, float value, writing how) {
  to = T(how == writing::accumulate ? float(to) + value : value);
}

/// An activation by value, and its derivative by the output.
enum class activation { none, relu, leaky_relu, sigmoid };

VISEME_DEVICE inline float activate(activation a, float slope, float x) {
  switch (a) {
    case activation::relu: return x < 0 ? 0 : x;
    case activation::leaky_relu: return x < 0 ? x * slope : x;
    case activation::sigmoid: return 1 / (1 + std::exp(-x));
    default: return x;
  }
}
VISEME_DEVICE inline float derivative(activation a, float slope, float y) {
  switch (a) {
    case activation::relu: return y > 0;
    case activation::leaky_relu: return y > 0 ? 1 : slope;
    case activation::sigmoid: return y * (1 - y);
    default: return 1;
  }
}

/// What follows a sum: bias by channel, a residual, an activation.
template <class T>
struct epilogue {
  const float* bias = nullptr;
  pixels<const T> residual;
  activation act = activation::none;
  float slope = 0;

  VISEME_DEVICE float operator()(float sum, std::ptrdiff_t pixel, int channel) const {
    if (bias) sum += bias[channel];
    if (residual) sum += float(residual.at(pixel)[channel]);
    return activate(act, slope, sum);
  }
};

}  // namespace viseme::simt
