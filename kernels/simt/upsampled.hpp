// A picture at twice its height and width, bilinear with align_corners, read in place: the numbers that upsample2x.hpp writes,
// pixel by pixel.
// Output o of 2n lies between inputs i - 1 and i, i = (o + 1) / 2, at (n - i) / (2n - 1) of the way if o is odd, else at
// (2n - 1 - i) / (2n - 1).
#pragma once

#include <kernels/simt/vectors.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

/// Where the four pixels around one of the large picture are, and how far it lies from the first.
template <class T>
struct upsampled_pixel {
  const T* first;    // above, on the left
  int right, below;  // elements to its neighbours, 0 at the picture's border
  float down, across;

  template <int N>
  VISEME_DEVICE floats<N> at(int channel) const {
    const T* from = first + channel;
    const auto a = load_floats<N>(from), b = load_floats<N>(from + right), c = load_floats<N>(from + below),
               d = load_floats<N>(from + below + right);
    floats<N> between;
    unrolled<N>([&](auto k) {
      const float high = a.at[k] + (b.at[k] - a.at[k]) * across, low = c.at[k] + (d.at[k] - c.at[k]) * across;
      between.at[k] = high + (low - high) * down;
    });
    return between;
  }
};

template <class T>
struct upsampled {
  pixels<const T> x;  // or none
  size2 size;         // of x
  float per_row = 0, per_column = 0;  // 1 / (2n - 1)

  upsampled() = default;
  upsampled(pixels<const T> of, size2 sized)
      : x(of), size(sized), per_row(1 / float(2 * sized.h - 1)), per_column(1 / float(2 * sized.w - 1)) {}

  VISEME_DEVICE explicit operator bool() const { return bool(x); }
  /// Pixel (h, w) of a large picture.
  VISEME_DEVICE upsampled_pixel<T> pixel(int image, int h, int w) const {
    const int i = (h + 1) / 2, j = (w + 1) / 2, stride = int(x.stride);
    const auto first = (std::ptrdiff_t(image) * size.h + (i ? i - 1 : 0)) * size.w + (j ? j - 1 : 0);
    return {x.at(first), j && j < size.w ? stride : 0, i && i < size.h ? stride * size.w : 0, way(h, i, size.h) * per_row,
            way(w, j, size.w) * per_column};
  }
  /// Pixels of all pictures counted through.
  VISEME_DEVICE upsampled_pixel<T> pixel(std::ptrdiff_t number) const {
    const int area = 4 * size.h * size.w, image = int(number / area), inside = int(number - std::ptrdiff_t(image) * area),
              h = inside / (2 * size.w);
    return pixel(image, h, inside - h * 2 * size.w);
  }

private:
  VISEME_DEVICE static float way(int o, int i, int n) { return float((o % 2 ? n : 2 * n - 1) - i); }
};

}  // namespace viseme::simt
