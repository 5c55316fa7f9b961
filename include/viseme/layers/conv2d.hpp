// 2-D convolution, as torch.nn.Conv2d.
#pragma once

#include <viseme/layers/layer.hpp>

namespace viseme {

struct conv {
  int in = 1, out = 1;
  size2 kernel{1, 1}, stride{1, 1}, pad{0, 0};
  int groups = 1;
  bool bias = false;

  constexpr bool operator==(const conv&) const = default;
};

/// weight (out, in / groups, kernel.h, kernel.w), bias (out). Zero padding.
template <conv S>
struct conv2d {
  static_assert(S.in % S.groups == 0 && S.out % S.groups == 0, "conv2d: groups must divide the channels");
  static constexpr conv spec = S;
  static constexpr auto parameters = [] {
    constexpr parameter weight{"weight"_n, 4, {S.out, S.in / S.groups, S.kernel.h, S.kernel.w}};
    if constexpr (S.bias) return std::array{weight, parameter{"bias"_n, 1, {S.out, 1, 1, 1}}};
    else return std::array{weight};
  }();
  static constexpr saves backward_reads{.input = true};
  static constexpr int channels(const shapes& x) { return x[0].c == S.in ? S.out : -1; }
  static constexpr shape out(const shapes& x) {
    return {x[0].n, S.out, (x[0].h + 2 * S.pad.h - S.kernel.h) / S.stride.h + 1, (x[0].w + 2 * S.pad.w - S.kernel.w) / S.stride.w + 1};
  }
};

template <int In, int Out, bool Bias = false>
using pointwise = conv2d<conv{.in = In, .out = Out, .bias = Bias}>;
template <int C, int Stride = 1>
using depthwise3x3 = conv2d<conv{.in = C, .out = C, .kernel = {3, 3}, .stride = {Stride, Stride}, .pad = {1, 1}, .groups = C}>;
/// Dense, with bias, square kernel.
template <int In, int Out, int Kernel, int StrideH = 1, int Pad = 0, int StrideW = StrideH>
using dense = conv2d<conv{.in = In, .out = Out, .kernel = {Kernel, Kernel}, .stride = {StrideH, StrideW}, .pad = {Pad, Pad}, .bias = true}>;

template <conv S>
inline constexpr bool is_depthwise3x3 =
    S.groups == S.in && S.in == S.out && S.kernel == size2{3, 3} && S.pad == size2{1, 1} && S.stride.h == S.stride.w && S.stride.h <= 2;

}  // namespace viseme
