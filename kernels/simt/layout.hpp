// Between dense NCHW float32 and channels-last pixels of T, from pixels to pixels, and counters.
//     to[p, c] = T(from[n, c, h, w])        to[n, c, h, w] = float(from[p, c])        to[p, c] = or += from[p, c]        *number[i] += 1
// One thread an element, channels fastest; these move pictures and skips, which have few channels or are read once.
#pragma once

#include <kernels/simt/pixels.hpp>

namespace viseme::simt {

struct planes {
  int images = 1, channels = 1;
  std::ptrdiff_t area = 1;  // height x width
  VISEME_DEVICE std::ptrdiff_t count() const { return images * area * channels; }
};

inline constexpr int elementwise_threads = 256;
inline grid elementwise_grid(std::ptrdiff_t count) { return {int(ceil_div(std::size_t(count), elementwise_threads))}; }
template <class Thread>
VISEME_DEVICE std::ptrdiff_t element_of(const Thread& t) {
  return std::ptrdiff_t(t.block().x) * elementwise_threads + t.thread();
}

template <class T>
struct from_nchw {
  static constexpr int threads = elementwise_threads;
  planes size;
  const float* from;
  pixels<T> to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= size.count()) return;
    const auto pixel = i / size.channels;
    const int channel = int(i % size.channels);
    to.at(pixel)[channel] = T(from[(pixel / size.area * size.channels + channel) * size.area + pixel % size.area]);
  }
};

template <class T>
struct to_nchw {
  static constexpr int threads = elementwise_threads;
  planes size;
  pixels<const T> from;
  float* to;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= size.count()) return;
    const auto plane = i / size.area, pixel = plane / size.channels * size.area + i % size.area;
    to[i] = float(from.at(pixel)[plane % size.channels]);
  }
};

template <class T>
struct move_pixels {
  static constexpr int threads = elementwise_threads;
  std::ptrdiff_t count;  // of pixels
  int channels;
  pixels<const T> from;
  pixels<T> to;
  writing how = writing::overwrite;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const auto i = element_of(t);
    if (i >= count * channels) return;
    put(to.at(i / channels)[i % channels], float(from.at(i / channels)[i % channels]), how);
  }
};

struct increment {
  static constexpr int threads = 128;
  static constexpr int most = 128;
  float* number[most];
  int count;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    if (t.thread() < count) *number[t.thread()] += 1;
  }
};

}  // namespace viseme::simt
