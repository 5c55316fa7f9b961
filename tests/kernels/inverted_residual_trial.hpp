// A block with random weights, run by the kernel and by plain loops in double.
#pragma once

#include <kernels/cpu/inverted_residual.hpp>

#include "tensor_check.hpp"

namespace viseme::tests {

using namespace viseme::kernels::cpu;

namespace inverted_residuals {

struct test_case {
  int n, h, w, channels, hidden, filters, stride, low_channels;  // 0: no `low`
  bool residual;
  int gap = 0;
};

inline std::vector<test_case> cases() {
  std::vector<test_case> all;
  for (int stride : {1, 2})
    for (auto [h, w] : {std::pair{1, 1}, {2, 1}, {1, 7}, {7, 5}, {33, 7}, {18, 33}}) {
      all.push_back({1, h, w, 6, 16, 33, stride, 0, false, 3});
      all.push_back({2, h, w, 7, 32, 16, stride, 0, stride == 1});
    }
  for (auto [h, w] : {std::pair{2, 2}, {2, 14}, {34, 6}, {66, 18}}) all.push_back({2, h, w, 5, 32, 16, 1, 4, false, 2});
  all.push_back({1, 5, 131, 32, 128, 16, 1, 0, false});  // several strips
  all.push_back({1, 6, 262, 32, 128, 19, 1, 8, true, 5});
  all.push_back({1, 70, 12, 5, 48, 19, 1, 36, true});  // several bands
  all.push_back({1, 41, 263, 9, 128, 32, 2, 0, false});
  return all;
}

/// A block with random weights; `hidden` as it is, padded channels are the backend's affair.
struct trial {
  inverted_residual_shape s;
  tensor x, low, residual;
  guarded_buffer expand, expand_bias, depthwise, depthwise_bias, project, project_bias;
  bool has_residual;
  int gap;

  explicit trial(const test_case& t)
      : s{t.n, {t.h, t.w}, t.channels, t.hidden, t.filters, t.stride, t.low_channels}, x(tensor::random(t.n, t.h, t.w, t.channels, t.gap, 1)),
        low(tensor::random(t.n, std::max(t.h / 2, 1), std::max(t.w / 2, 1), std::max(t.low_channels, 1), t.gap, 2)), residual(tensor::random(t.n, s.out().h, s.out().w, t.filters, t.gap, 3)),
        expand(t.hidden * (t.low_channels + t.channels)), expand_bias(t.hidden), depthwise(9 * t.hidden), depthwise_bias(t.hidden), project(t.filters * t.hidden), project_bias(t.filters),
        has_residual(t.residual), gap(t.gap) {
    unsigned seed = 4;
    for (auto* b : {&expand, &expand_bias, &depthwise, &depthwise_bias, &project, &project_bias}) b->randomize(seed++);
  }

  /// L low, which is not yet upsampled.
  double low_at(int n, int h, int w, int c) const {
    double sum = 0;
    for (int i = 0; i < s.low_channels; ++i) sum += double(expand[c * (s.low_channels + s.channels) + i]) * low.at(n, h, w, i);
    return sum;
  }

  double hidden_at(int n, int h, int w, int c) const {
    if (h < 0 || w < 0 || h >= s.in.h || w >= s.in.w) return 0;
    double sum = expand_bias[c];
    for (int i = 0; i < s.channels; ++i) sum += double(expand[c * (s.low_channels + s.channels) + s.low_channels + i]) * x.at(n, h, w, i);
    if (s.low_channels) {
      const auto across = [&](int row) {
        const double at = double(w) * (low.w - 1) / (s.in.w - 1);
        const int left = std::min(int(at), low.w - 1), right = std::min(left + 1, low.w - 1);
        return low_at(n, row, left, c) + (at - left) * (low_at(n, row, right, c) - low_at(n, row, left, c));
      };
      const double at = double(h) * (low.h - 1) / (s.in.h - 1);
      const int above = std::min(int(at), low.h - 1), below = std::min(above + 1, low.h - 1);
      sum += across(above) + (at - above) * (across(below) - across(above));
    }
    return std::max(sum, 0.0);
  }

  std::vector<double> expected() const {
    std::vector<double> y, mixed(s.hidden), grid(std::size_t(s.images) * s.in.h * s.in.w * s.hidden);
    const auto index = [&](int n, int h, int w, int c) { return ((std::size_t(n) * s.in.h + h) * s.in.w + w) * s.hidden + c; };
    for (int n = 0; n < s.images; ++n)
      for (int h = 0; h < s.in.h; ++h)
        for (int w = 0; w < s.in.w; ++w)
          for (int c = 0; c < s.hidden; ++c) grid[index(n, h, w, c)] = hidden_at(n, h, w, c);
    for (int n = 0; n < s.images; ++n)
      for (int i = 0; i < s.out().h; ++i)
        for (int j = 0; j < s.out().w; ++j) {
          for (int c = 0; c < s.hidden; ++c) {
            double sum = depthwise_bias[c];
            for (int k = 0; k < 9; ++k)
              if (const int h = i * s.stride + k / 3 - 1, w = j * s.stride + k % 3 - 1; h >= 0 && w >= 0 && h < s.in.h && w < s.in.w)
                sum += double(depthwise[k * s.hidden + c]) * grid[index(n, h, w, c)];
            mixed[c] = std::max(sum, 0.0);
          }
          for (int f = 0; f < s.filters; ++f) {
            double sum = project_bias[f] + (has_residual ? double(residual.at(n, i, j, f)) : 0.0);
            for (int c = 0; c < s.hidden; ++c) sum += double(project[f * s.hidden + c]) * mixed[c];
            y.push_back(sum);
          }
        }
    return y;
  }

  template <arithmetic how>
  static guarded_buffer packed(thread_pool& pool, instruction_set set, int columns, int depth, const float* weights) {
    if constexpr (how != arithmetic::fp32) {
      guarded_buffer to(narrow_packed_size<how>(set, columns, depth));
      pack_narrow<how>(pool, set, columns, depth, weights, to.data());
      return to;
    } else {
      const dense_shape shape{1, depth, columns, {1, 1}};
      guarded_buffer to(packed_size(set, shape, direction::forward));
      pack(pool, set, shape, direction::forward, weights, to.data());
      return to;
    }
  }

  template <arithmetic how = arithmetic::fp32>
  tensor run(instruction_set set, int threads) {
    viseme::thread_pool pool(threads);
    guarded_buffer scratch(threads * inverted_residual_scratch(s, how));
    const auto e = packed<how>(pool, set, s.hidden, s.low_channels + s.channels, expand.data()), p = packed<how>(pool, set, s.filters, s.hidden, project.data());
    tensor y(s.images, s.out().h, s.out().w, s.filters, gap);
    inverted_residual_arguments a{s, x.pixels(), {}, e.data(), expand_bias.data(), depthwise.data(), depthwise_bias.data(), p.data(), project_bias.data(), {}, y.pixels(), scratch.data()};
    if (s.low_channels) a.low = low.pixels();
    if (has_residual) a.residual = residual.pixels();
    inverted_residual<how>(pool, set, a);
    return y;
  }
};

}  // namespace inverted_residuals
}  // namespace viseme::tests
