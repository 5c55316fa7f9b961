// Which pixel of a picture a tap of a convolution reads for a pixel of another: the gather behind every dense convolution.
//     forward     row (n, h, w) of y, tap (i, j): pixel (n, h sh - ph + i, w sw - pw + j) of x
//     transposed  row (n, h, w) of x, tap (i, j): pixel (n, (h + ph - i) / sh, (w + pw - j) / sw) of y where the divisions leave no rest
#pragma once

#include <kernels/simt/thread.hpp>
#include <viseme/core/shape.hpp>

namespace viseme::simt {

struct window {
  size2 source, rows;  // heights and widths of what is read and of what is written
  size2 kernel{1, 1}, stride{1, 1}, pad{0, 0};
  bool transposed = false;

  VISEME_DEVICE int taps() const { return kernel.h * kernel.w; }
};

/// A row's place in its picture.
struct row_place {
  std::ptrdiff_t first = 0;  // pixel of the source picture's corner
  int h = 0, w = 0;          // forward: of the first tap; transposed: h + ph, w + pw

  VISEME_DEVICE static row_place of(const window& g, std::ptrdiff_t row) {
    const int area = g.rows.h * g.rows.w, image = int(row / area), inside = int(row - std::ptrdiff_t(image) * area);
    const int h = inside / g.rows.w, w = inside - h * g.rows.w;
    row_place p;
    p.first = std::ptrdiff_t(image) * g.source.h * g.source.w;
    p.h = g.transposed ? h + g.pad.h : h * g.stride.h - g.pad.h;
    p.w = g.transposed ? w + g.pad.w : w * g.stride.w - g.pad.w;
    return p;
  }

  /// The source's pixel for tap (i, j); negative where there is none.
  VISEME_DEVICE std::ptrdiff_t source(const window& g, int i, int j) const {
    int y = h + i, x = w + j;
    if (g.transposed) {
      y = h - i;
      x = w - j;
      if (y < 0 || x < 0 || y % g.stride.h || x % g.stride.w) return -1;
      y /= g.stride.h;
      x /= g.stride.w;
    }
    if (unsigned(y) >= unsigned(g.source.h) || unsigned(x) >= unsigned(g.source.w)) return -1;
    return first + std::ptrdiff_t(y) * g.source.w + x;
  }
};

/// Every `step`-th row of a forward window, without a division a row.
class row_walk {
public:
  VISEME_DEVICE row_walk(const window& g, std::ptrdiff_t row, int step) : down_(step / g.rows.w), across_(step - down_ * g.rows.w) {
    const int area = g.rows.h * g.rows.w, image = int(row / area), inside = int(row - std::ptrdiff_t(image) * area);
    h_ = inside / g.rows.w;
    w_ = inside - h_ * g.rows.w;
    first_ = std::ptrdiff_t(image) * g.source.h * g.source.w;
  }
  VISEME_DEVICE std::ptrdiff_t source(const window& g, int i, int j) const {
    return row_place{first_, h_ * g.stride.h - g.pad.h, w_ * g.stride.w - g.pad.w}.source(g, i, j);
  }
  VISEME_DEVICE void advance(const window& g) {
    w_ += across_;
    h_ += down_;
    if (w_ >= g.rows.w) w_ -= g.rows.w, ++h_;
    for (; h_ >= g.rows.h; h_ -= g.rows.h) first_ += std::ptrdiff_t(g.source.h) * g.source.w;
  }

private:
  int down_, across_, h_, w_;
  std::ptrdiff_t first_;
};

}  // namespace viseme::simt
