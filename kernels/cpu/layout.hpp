// NCHW to NHWC and back: a transpose of (C, H W) for each image.
//
// Shapes: planes (N, C, H, W) dense; pixels (N, H, W, C) with a pixel stride. Four pixels by four channels at a time in registers, in
// blocks of 64 pixels that stay in the L1 cache while all their channels pass.
#pragma once

#include <cstring>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

struct to_nhwc_arguments {
  int n, channels;
  std::ptrdiff_t plane;  ///< H * W
  const float* x;        ///< (N, C, H, W)
  struct pixels y;
};

struct to_nchw_arguments {
  int n, channels;
  std::ptrdiff_t plane;
  const_pixels x;
  float* y;  ///< (N, C, H, W)
};

inline constexpr std::ptrdiff_t layout_block = 64;

/// Blocks of pixels of one image.
inline std::ptrdiff_t layout_blocks(std::ptrdiff_t plane) { return (plane + layout_block - 1) / layout_block; }
inline int tasks(const to_nhwc_arguments& a) { return task_count(a.n * layout_blocks(a.plane), layout_block * a.channels); }
inline int tasks(const to_nchw_arguments& a) { return task_count(a.n * layout_blocks(a.plane), layout_block * a.channels); }

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/layout.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

template <class Pool> void to_nhwc(Pool& pool, instruction_set set, const to_nhwc_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

template <class Pool> void to_nchw(Pool& pool, instruction_set set, const to_nchw_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
