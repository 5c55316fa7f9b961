// The blocks of SyncTalk 2D's nets, named as in their checkpoints.
#pragma once

#include <viseme/layers/activation.hpp>
#include <viseme/layers/batch_norm.hpp>
#include <viseme/layers/compose.hpp>
#include <viseme/layers/conv2d.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {

/// 1x1 to twice the channels, 3x3 depthwise, 1x1 down; no activation at the end.
template <int In, int Out, int Stride = 1>
struct inverted_residual {
  using body = child<"conv"_n, sequential<pointwise<In, 2 * In>, batch_norm<2 * In>, relu, depthwise3x3<2 * In, Stride>,
                                          batch_norm<2 * In>, relu, pointwise<2 * In, Out>, batch_norm<Out>>>;
};

template <int In, int Out, int Stride = 1>
struct double_conv {
  using body = child<"double_conv"_n, sequential<inverted_residual<In, Out, Stride>, residual<inverted_residual<Out, Out>>>>;
};

template <int In, int Out>
struct in_conv {
  using body = child<"inconv"_n, sequential<inverted_residual<In, Out>>>;
};

template <int In, int Out>
struct down {
  using body = child<"maxpool_conv"_n, sequential<double_conv<In, Out, 2>>>;
};

/// Bilinear x2, the skip appended behind, double_conv. `In` counts the channels after the concatenation.
template <int In, int Skip, int Out>
struct up {
  using body = network<input<"x"_n, In - Skip>, input<"skip"_n, Skip>, at<"upsampled"_n, upsample2x, "x"_n>,
                     at<"joined"_n, concat, "upsampled"_n, "skip"_n>, at<"conv"_n, double_conv<In, Out>>>;
};

/// Dense convolution with bias, batch norm, activation: SyncNet's and the audio encoder's block.
template <int In, int Out, class Activation, int Kernel, int StrideH, int Pad, int StrideW = StrideH>
struct conv_block {
  using body = chain<child<"conv_block"_n, sequential<dense<In, Out, Kernel, StrideH, Pad, StrideW>, batch_norm<Out>>>, Activation>;
};

/// The same, 3x3, with its input added before the activation.
template <int C, class Activation>
struct residual_conv_block {
  using body = chain<residual<child<"conv_block"_n, sequential<dense<C, C, 3, 1, 1>, batch_norm<C>>>>, Activation>;
};

}  // namespace viseme
