// 3x3 depthwise convolution, zero padding 1, stride 1 or 2:
//     y[n, h, w, c] = act(sum_k wt[k, c] x[n, s h + ky - 1, s w + kx - 1, c] + bias[c] + residual[n, h, w, c]),   k = 3 ky + kx
//
// Shapes: x (N, H, W, C), y (N, Ho, Wo, C) with Ho = (H - 1) / s + 1; weights packed as (9, C).
// Tiling: a task is a block of rows x columns x channels whose three input rows stay in the L2 cache while it walks down; within a row,
// `tile` output columns share their inputs in registers, vectors along the channels. Border pixels have their own list of taps, so the
// inner loop has no conditions. Bound by memory from 16 channels on: a tile asks for its part of the next row, and results that outgrow the
// caches bypass them. Reductions add fixed chunks in a fixed order.
#pragma once

#include <cstring>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

/// Sizes of the input; the output's follow.
struct depthwise3x3_shape {
  int n, h, w, channels, stride = 1;

  int out_h() const { return (h - 1) / stride + 1; }
  int out_w() const { return (w - 1) / stride + 1; }
};

struct depthwise3x3_arguments {
  depthwise3x3_shape shape;
  const_pixels x;
  const float* weights;  ///< (9, C)
  struct pixels y;
  const float* bias = nullptr;  ///< (C) or null
  const_pixels residual = {};   ///< as y, or none; may be y itself
  activation act = activation::none;
  float slope = 0;
};

/// dx (+)= the gradient of the input; `shape` is the forward one.
struct depthwise3x3_backward_data_arguments {
  depthwise3x3_shape shape;
  const_pixels dy;
  const float* weights;  ///< (9, C)
  struct pixels dx;
  writing how = writing::overwrite;
};

/// dw (+)= the gradient of the weights, (9, C). `scratch` holds depthwise3x3_scratch_size(shape) floats.
struct depthwise3x3_backward_weights_arguments {
  depthwise3x3_shape shape;
  const_pixels x, dy;
  float* dw;
  float* scratch;
  writing how = writing::overwrite;
};

/// (C, 1, 3, 3) to (9, C).
inline void pack_depthwise3x3(const float* weights, int channels, float* packed) {
  for (int c = 0; c < channels; ++c)
    for (int k = 0; k < 9; ++k) packed[std::ptrdiff_t(k) * channels + c] = weights[std::ptrdiff_t(c) * 9 + k];
}

/// (9, C) to (C, 1, 3, 3).
inline void unpack_depthwise3x3(const float* packed, int channels, float* weights) {
  for (int c = 0; c < channels; ++c)
    for (int k = 0; k < 9; ++k) weights[std::ptrdiff_t(c) * 9 + k] = packed[std::ptrdiff_t(k) * channels + c];
}

/// How images x rows x columns x channels are cut into tasks: channels in blocks of 256, columns so that a row of a block is at most
/// 64 KiB, rows so that a block is a task's worth.
struct depthwise3x3_blocks {
  int images, rows, columns, channel_blocks;

  depthwise3x3_blocks(int n, int h, int w, int channels) : images(n), channel_blocks((channels + 255) / 256) {
    const std::ptrdiff_t row = std::ptrdiff_t(w) * ((channels + channel_blocks - 1) / channel_blocks);
    columns = int(std::clamp<std::ptrdiff_t>((row + 16383) / 16384, 1, w));
    const std::ptrdiff_t total = std::ptrdiff_t(n) * h * w * channels, target = std::clamp<std::ptrdiff_t>(total / 64, 32768, 131072);
    rows = int(std::clamp<std::ptrdiff_t>(row / columns * h / target, 1, h));
  }
  int count() const { return images * rows * columns * channel_blocks; }
};

/// One task: rows, columns and channels [begin, end) of image n.
struct depthwise3x3_block {
  piece_range rows, columns, channels;
  int n;

  depthwise3x3_block(const depthwise3x3_blocks& b, int h, int w, int c, int task)
      : rows(slice(h, b.rows, task % b.rows)),
        columns(slice(w, b.columns, task / b.rows % b.columns)),
        channels(slice((c + 15) / 16, b.channel_blocks, task / b.rows / b.columns % b.channel_blocks)),
        n(task / b.rows / b.columns / b.channel_blocks) {
    channels = {channels.begin * 16, std::min<std::ptrdiff_t>(channels.end * 16, c)};
  }
};

/// Blocks of output pixels; those of the backward passes too, where a task writes the input pixels that lie under its block.
inline depthwise3x3_blocks blocks(const depthwise3x3_shape& s) { return {s.n, s.out_h(), s.out_w(), s.channels}; }
inline int tasks(const depthwise3x3_arguments& a) { return blocks(a.shape).count(); }
inline int tasks(const depthwise3x3_backward_data_arguments& a) { return blocks(a.shape).count(); }
inline int tasks(const depthwise3x3_backward_weights_arguments& a) { return blocks(a.shape).count(); }

/// Floats of scratch for the backward pass of the weights: (images x rows x columns of blocks, 9, C).
inline std::size_t depthwise3x3_scratch_size(const depthwise3x3_shape& s) {
  const auto b = blocks(s);
  return std::size_t(b.images) * b.rows * b.columns * 9 * s.channels;
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/depthwise3x3.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void depthwise3x3(Pool& pool, instruction_set set, const depthwise3x3_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void depthwise3x3_backward_data(Pool& pool, instruction_set set, const depthwise3x3_backward_data_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

/// dw (+)= the sum of `partials` tensors (9, C), one behind the other.
template <class Pool>
void add_depthwise_sums(Pool& pool, const float* sums, std::ptrdiff_t partials, int channels, writing how, float* dw) {
  const std::ptrdiff_t size = std::ptrdiff_t(9) * channels;
  const int tasks = task_count(size, partials);
  pool.run(tasks, [&](int task) {
    const piece_range range = slice(size, tasks, task);
    for (std::ptrdiff_t i = range.begin; i < range.end; ++i) {
      double total = how == writing::accumulate ? dw[i] : 0.0;
      for (std::ptrdiff_t p = 0; p < partials; ++p) total += sums[p * size + i];
      dw[i] = float(total);
    }
  });
}

template <class Pool>
void depthwise3x3_backward_weights(Pool& pool, instruction_set set, const depthwise3x3_backward_weights_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
  const auto b = blocks(a.shape);
  add_depthwise_sums(pool, a.scratch, std::ptrdiff_t(b.images) * b.rows * b.columns, a.shape.channels, a.how, a.dw);
}

}  // namespace viseme::kernels::cpu
