// Convolutions with groups that are no 3x3 depthwise ones: no net of ours trains them, they are here so that every net runs.
//     y[r, o] = epilogue(sum over taps t and channels c of the group of x[source(r, t), c] W[o, c, t]), and its gradients
// One thread an output; weights float as PyTorch's (filters, channels / groups, taps).
#pragma once

#include <kernels/simt/layout.hpp>
#include <kernels/simt/window.hpp>

namespace viseme::simt {

struct groups {
  int channels, filters, count;
  VISEME_DEVICE int in() const { return channels / count; }
  VISEME_DEVICE int out() const { return filters / count; }
};

template <class T>
struct grouped_convolution {
  static constexpr int threads = elementwise_threads;
  window gather;
  std::ptrdiff_t rows;
  groups g;
  pixels<const T> x;
  const float *weight, *shift;  // shift (filters)
  const float* scale;           // (filters)
  pixels<T> y;
  epilogue<T> after;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= rows * g.filters) return;
    const auto row = i / g.filters;
    const int filter = int(i - row * g.filters), first = filter / g.out() * g.in();
    const auto place = row_place::of(gather, row);
    float sum = 0;
    for (int tap = 0; tap < gather.taps(); ++tap) {
      const auto from = place.source(gather, tap / gather.kernel.w, tap % gather.kernel.w);
      if (from < 0) continue;
      for (int c = 0; c < g.in(); ++c)
        sum += float(x.at(from)[first + c]) * weight[(std::ptrdiff_t(filter) * g.in() + c) * gather.taps() + tap];
    }
    y.at(row)[filter] = T(after(sum * scale[filter] + shift[filter], row, filter));
  }
};

template <class T>
struct grouped_backward_data {
  static constexpr int threads = elementwise_threads;
  window gather;  // transposed: rows are x's pixels
  std::ptrdiff_t rows;
  groups g;
  pixels<const T> dy;
  const float* weight;
  pixels<T> dx;
  writing how;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= rows * g.channels) return;
    const auto row = i / g.channels;
    const int channel = int(i - row * g.channels), group = channel / g.in(), inside = channel - group * g.in();
    const auto place = row_place::of(gather, row);
    float sum = 0;
    for (int tap = 0; tap < gather.taps(); ++tap) {
      const auto from = place.source(gather, tap / gather.kernel.w, tap % gather.kernel.w);
      if (from < 0) continue;
      for (int o = group * g.out(); o < (group + 1) * g.out(); ++o)
        sum += float(dy.at(from)[o]) * weight[(std::ptrdiff_t(o) * g.in() + inside) * gather.taps() + tap];
    }
    put(dx.at(row)[channel], sum, how);
  }
};

template <class T>
struct grouped_weight_gradient {
  static constexpr int threads = 128;
  struct shared {
    float part[threads / warp_size];
  };
  window gather;
  std::ptrdiff_t rows;
  groups g;
  pixels<const T> x, dy;
  float* d_weight;

  /// A block a weight.
  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int at = t.block().x, tap = at % gather.taps(), inside = at / gather.taps() % g.in(), filter = at / gather.taps() / g.in();
    const int channel = filter / g.out() * g.in() + inside;
    float sum = 0;
    for (auto row = std::ptrdiff_t(t.thread()); row < rows; row += threads) {
      const auto from = row_place::of(gather, row).source(gather, tap / gather.kernel.w, tap % gather.kernel.w);
      if (from >= 0) sum += float(dy.at(row)[filter]) * float(x.at(from)[channel]);
    }
    sum = block_sum<threads>(t, sum, t.template shared<shared>().part);
    if (t.thread() == 0) d_weight[at] += sum;
  }
};

}  // namespace viseme::simt
