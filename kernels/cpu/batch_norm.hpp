// Batch normalisation, training and frozen, forward and backward, fused with the activation and the residual sum:
//     y = act(scale[c] x + shift[c] + residual),   scale = gamma / sqrt(var + epsilon),   shift = beta - mean scale
//
// Shapes: activations (pixels, C) with pixel strides; everything else (C). Numbers as PyTorch's batch_norm: biased variance normalises,
// the running variance takes the unbiased one.
// Statistics: blocks of 64 pixels are summed in float around their own mean, blocks in double, so a mean far from zero costs no accuracy
// in the variance. Tasks have fixed pixels and their sums are added in order: results do not depend on the number of threads.
// Bound by memory: statistics read x once; the backward pass reads x and dy twice, and y only where its sign is not that of x.
#pragma once

#include <cmath>
#include <cstring>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

/// Mean, 1 / sqrt(var + epsilon), scale and shift from the pixels of a batch, and the running statistics moved towards them.
/// `scratch` holds batch_norm_scratch_size(pixels, channels) doubles. Needs two pixels; the running variance of one is not finite.
struct batch_norm_statistics_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels x;
  const float *gamma, *beta;
  float *mean, *inv_std, *scale, *shift;
  float *running_mean = nullptr, *running_var = nullptr;  ///< updated unless null
  float momentum = 0.1f, epsilon = 1e-5f;
  double* scratch;
};

/// y = act(scale x + shift + residual).
struct batch_norm_apply_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels x;
  const float *scale, *shift;
  struct pixels y;             ///< may be x
  const_pixels residual = {};  ///< or none
  activation act = activation::none;
  float slope = 0;
};

/// Backward of statistics and apply together. With g = act'(.) dy:
///     dbeta (+)= sum g,   dgamma (+)= sum g xhat,   dx (+)= scale (g - mean(g) - xhat mean(g xhat)),   d_residual (+)= g
/// Frozen statistics (`frozen`): dx (+)= scale g, and dgamma, dbeta and scratch may be null.
struct batch_norm_backward_arguments {
  std::ptrdiff_t pixels;
  int channels;
  const_pixels dy, x;
  const_pixels y = {};  ///< the output of apply; may be left out unless there was a residual: the sign is recomputed from x
  const float *mean, *inv_std, *scale, *shift;
  activation act = activation::none;  ///< none, relu or leaky_relu
  float slope = 0;
  struct pixels dx;  ///< may be dy
  writing dx_how = writing::overwrite;
  struct pixels d_residual = {};  ///< or none; may not be dy
  writing d_residual_how = writing::overwrite;
  float *dgamma = nullptr, *dbeta = nullptr;
  writing parameters_how = writing::accumulate;
  bool frozen = false;
  double* scratch = nullptr;  ///< batch_norm_scratch_size(pixels, channels) doubles
};

inline int tasks(const batch_norm_statistics_arguments& a) { return task_count(a.pixels, a.channels); }
inline int tasks(const batch_norm_apply_arguments& a) { return task_count(a.pixels, a.channels); }
inline int tasks(const batch_norm_backward_arguments& a) { return task_count(a.pixels, a.channels); }

/// Doubles: two sums a channel of each of `slots` parts of the pixels, and two floats a channel, which the backward pass has before them.
inline std::size_t batch_norm_scratch_of(int slots, int channels) { return std::size_t(2 * slots + 1) * channels; }
inline std::size_t batch_norm_scratch_size(std::ptrdiff_t pixels, int channels) {
  return batch_norm_scratch_of(task_count(pixels, channels), channels);
}

/// A part's sums, (2, C).
inline double* sums_of(const batch_norm_statistics_arguments& a, int slot) { return a.scratch + std::ptrdiff_t(slot) * 2 * a.channels; }
inline double* sums_of(const batch_norm_backward_arguments& a, int slot) { return a.scratch + std::ptrdiff_t(2 * slot + 1) * a.channels; }

/// Without batch statistics and gradients of the parameters nothing is summed.
inline bool needs_sums(const batch_norm_backward_arguments& a) { return !a.frozen || a.dgamma || a.dbeta; }

/// Scale and shift of frozen statistics.
inline void batch_norm_frozen(int channels, const float* gamma, const float* beta, const float* running_mean, const float* running_var,
                              float epsilon, float* inv_std, float* scale, float* shift) {
  for (int c = 0; c < channels; ++c) {
    const double inverse = 1 / std::sqrt(double(running_var[c]) + double(epsilon));
    inv_std[c] = float(inverse);
    scale[c] = float(gamma[c] * inverse);
    shift[c] = float(beta[c] - running_mean[c] * (gamma[c] * inverse));
  }
}

/// The two sums of channel c over all parts of the pixels.
struct channel_sums {
  double first = 0, second = 0;

  template <class Arguments> channel_sums(const Arguments& a, int slots, int c) {
    for (int t = 0; t < slots; ++t) {
      first += sums_of(a, t)[c];
      second += sums_of(a, t)[a.channels + c];
    }
  }
};

/// From the sums of all parts: statistics of channels [begin, end).
inline void finish(const batch_norm_statistics_arguments& a, int slots, piece_range channels) {
  for (int c = int(channels.begin); c < channels.end; ++c) {
    const channel_sums sums(a, slots, c);
    const double n = double(a.pixels), mean = sums.first / n, variance = std::max(sums.second / n - mean * mean, 0.0);
    const double inverse = 1 / std::sqrt(variance + double(a.epsilon));
    a.mean[c] = float(mean);
    a.inv_std[c] = float(inverse);
    a.scale[c] = float(a.gamma[c] * inverse);
    a.shift[c] = float(a.beta[c] - mean * (a.gamma[c] * inverse));
    if (a.running_mean) a.running_mean[c] = float((1 - double(a.momentum)) * a.running_mean[c] + a.momentum * mean);
    if (a.running_var) a.running_var[c] = float((1 - double(a.momentum)) * a.running_var[c] + a.momentum * variance * (n / (n - 1)));
  }
}

/// From the sums of all parts: gradients of the parameters, and (float) mean(g), inv_std^2 mean(g (x - mean)) before the sums in scratch.
inline void finish(const batch_norm_backward_arguments& a, int slots, piece_range channels) {
  float* coefficients = reinterpret_cast<float*>(a.scratch);
  for (int c = int(channels.begin); c < channels.end; ++c) {
    const channel_sums sums(a, slots, c);
    const bool add = a.parameters_how == writing::accumulate;
    if (a.dbeta) a.dbeta[c] = float((add ? a.dbeta[c] : 0.0) + sums.first);
    if (a.dgamma) a.dgamma[c] = float((add ? a.dgamma[c] : 0.0) + sums.second * a.inv_std[c]);
    const double n = double(a.pixels), inverse = a.inv_std[c];
    const float mean_g = float(sums.first / n), slope_x = float(sums.second / n * inverse * inverse);
    std::memcpy(coefficients + c, &mean_g, sizeof mean_g);
    std::memcpy(coefficients + a.channels + c, &slope_x, sizeof slope_x);
  }
}

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/batch_norm.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// Statistics, or gradients of the parameters and what the second pass needs, from the sums of `slots` parts.
template <class Pool, class Arguments> void finish_batch_norm(Pool& pool, const Arguments& a, int slots) {
  const int parts = task_count(a.channels, 2 * slots);
  pool.run(parts, [&](int task) { finish(a, slots, slice(a.channels, parts, task)); });
}

template <class Pool> void batch_norm_statistics(Pool& pool, instruction_set set, const batch_norm_statistics_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
  finish_batch_norm(pool, a, tasks(a));
}

template <class Pool> void batch_norm_apply(Pool& pool, instruction_set set, const batch_norm_apply_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

/// The first pass alone: gradients of the parameters, and what the second one needs.
template <class Pool> void batch_norm_backward_sums(Pool& pool, instruction_set set, const batch_norm_backward_arguments& a) {
  if (!needs_sums(a)) return;
  run_tasks(pool, set, tasks(a), a, plain::batch_norm_sums, avx2::batch_norm_sums, avx512::batch_norm_sums);
  finish_batch_norm(pool, a, tasks(a));
}

template <class Pool> void batch_norm_backward(Pool& pool, instruction_set set, const batch_norm_backward_arguments& a) {
  batch_norm_backward_sums(pool, set, a);
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
}

}  // namespace viseme::kernels::cpu
