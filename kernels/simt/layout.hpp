// Between dense NCHW float32 and channels-last pixels of T, and counters.
//     from_nchw  to[p, c] = T(from[n, c, h, w])      to_nchw  to[n, c, h, w] = float(from[p, c])      increment  *number[i] += 1
// For pictures, of few channels: both write neighbours from neighbouring threads; what they read apart, their block reads whole.
#pragma once

#include <kernels/simt/pixels.hpp>

namespace viseme::simt {

struct planes {
  int images = 1, channels = 1, area = 1;  // area: height x width
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

  struct grid blocks() const { return {elementwise_grid(std::ptrdiff_t(size.area) * size.channels).x, 1, size.images}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int i = t.block().x * threads + t.thread(), pixel = i / size.channels, channel = i - pixel * size.channels;
    const auto image = std::ptrdiff_t(t.block().z);
    if (pixel < size.area) to.at(image * size.area + pixel)[channel] = T(from[(image * size.channels + channel) * size.area + pixel]);
  }
};

template <class T>
struct to_nchw {
  static constexpr int threads = elementwise_threads, channels = 8;  // of a thread
  planes size;
  pixels<const T> from;
  float* to;

  struct grid blocks() const { return {elementwise_grid(size.area).x, int(ceil_div(std::size_t(size.channels), channels)), size.images}; }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int pixel = t.block().x * threads + t.thread(), first = t.block().y * channels,
              last = first + channels < size.channels ? first + channels : size.channels;
    if (pixel >= size.area) return;
    const auto image = std::ptrdiff_t(t.block().z);
    const T* at = from.at(image * size.area + pixel);
    for (int c = first; c < last; ++c) to[(image * size.channels + c) * size.area + pixel] = float(at[c]);
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
