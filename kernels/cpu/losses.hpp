// Losses and their gradients: mean absolute error, mean squared error, and the synchrony loss (binary cross entropy of a cosine).
//
// A loss is a double, summed in double over fixed chunks in order. Gradients are multiplied by `weight`, the loss is not.
// NaN passes into loss and gradient.
#pragma once

#include <cmath>

#include <kernels/cpu/activation.hpp>
#include <kernels/cpu/dispatch.hpp>
#include <kernels/cpu/dot.hpp>
#include <kernels/cpu/pixels.hpp>

namespace viseme::kernels::cpu {

enum class distance { absolute, squared };

/// *loss = mean |p - t| or mean (p - t)^2 over (pixels, C); d_prediction (+)= weight d loss / d p, where not null.
struct mean_error_arguments {
  std::ptrdiff_t pixels;
  int channels;
  distance kind;
  const_pixels prediction, target;
  struct pixels d_prediction = {};
  writing how = writing::overwrite;
  float weight = 1;
  double* loss;
  double* scratch;  ///< mean_error_scratch_size(pixels, channels) doubles
};

inline int tasks(const mean_error_arguments& a) { return task_count(a.pixels, a.channels); }
inline std::size_t mean_error_scratch_size(std::ptrdiff_t pixels, int channels) { return std::size_t(task_count(pixels, channels)); }

/// Embeddings a, v (N, D) and labels (N) in [0, 1]: cosine as F.cosine_similarity, p = (1 + cosine) / 2 clamped to [margin, 1 - margin],
///     *loss = mean of -(label log p + (1 - label) log(1 - p)),   logarithms not below -100,
/// da, dv (+)= weight d loss / d a, d v, each unless null. Where the clamp acts there is no gradient.
struct synchrony_loss_arguments {
  int n;
  std::ptrdiff_t count;  ///< D
  const float *a, *v, *labels;
  float *da = nullptr, *dv = nullptr;
  writing da_how = writing::overwrite, dv_how = writing::overwrite;
  float weight = 1, margin = 0;
  double* loss;
  double* scratch;  ///< N doubles
};

/// Loss of one pair, and its derivative by the cosine.
struct synchrony_term {
  double loss, slope;

  synchrony_term(double cosine, double label, double margin) {
    const double raw = (1 + cosine) / 2, p = raw < margin ? margin : raw > 1 - margin ? 1 - margin : raw;
    const auto logarithm = [](double x) { return x <= 0 ? -100.0 : std::log(x) < -100 ? -100.0 : std::log(x); };
    loss = -(label * logarithm(p) + (1 - label) * logarithm(1 - p));
    const double product = p * (1 - p);
    slope = raw < margin || raw > 1 - margin ? 0.0 : (p - label) / (product < 1e-12 ? 1e-12 : product) / 2;
  }
};

}  // namespace viseme::kernels::cpu

#define VISEME_KERNEL_BODY <kernels/cpu/losses.inl>
#include <kernels/cpu/each_set.hpp>

namespace viseme::kernels::cpu {

/// Mean of `count` from the sums of `parts` in scratch, added in order.
inline double mean_of(const double* scratch, std::ptrdiff_t parts, double count) {
  double total = 0;
  for (std::ptrdiff_t i = 0; i < parts; ++i) total += scratch[i];
  return total / count;
}

template <class Pool> void mean_error(Pool& pool, instruction_set set, const mean_error_arguments& a) {
  run_tasks(pool, set, tasks(a), a, plain::run, avx2::run, avx512::run);
  *a.loss = mean_of(a.scratch, tasks(a), double(a.pixels) * a.channels);
}

template <class Pool> void synchrony_loss(Pool& pool, instruction_set set, const synchrony_loss_arguments& a) {
  run_tasks(pool, set, a.n, a, plain::run, avx2::run, avx512::run);
  *a.loss = mean_of(a.scratch, a.n, a.n);
}

}  // namespace viseme::kernels::cpu
