// Which pixels of a row make up one of a row of another length, and how much each counts: OpenCV's resize along one axis. Pixel `at` of the
// target has its centre at (at + 0.5) scale - 0.5 of the source, scale = source / target pixels.
//   linear_taps   2 neighbours        cubic_taps   4 neighbours, a = -0.75        area_taps   all that the target pixel covers (scale > 1)
// Taps may lie outside the source: whoever reads repeats its edge. Weights are float, or by fixed() in 1/2048, for 8-bit pixels.
#pragma once

#include <cmath>

#include <kernels/simt/thread.hpp>
#include <viseme/core/types.hpp>

namespace viseme::simt {

/// Of 8-bit weights: 1 is 2048.
inline constexpr int weight_bits = 11;

VISEME_DEVICE inline int fixed(float weight) { return int(std::rint(weight * float(1 << weight_bits))); }

struct source_place {
  int first;   // pixel at or before the centre
  float rest;  // from there on

  VISEME_DEVICE source_place(int at, double scale) {
    const auto centre = float((at + 0.5) * scale - 0.5);
    const float before = std::floor(centre);
    first = int(before);
    rest = centre - before;
  }
};

struct linear_taps {
  static constexpr int count = 2;
  int first;
  float weight[count];

  VISEME_DEVICE linear_taps(int at, double scale) {
    const source_place p(at, scale);
    first = p.first;
    weight[0] = 1 - p.rest;
    weight[1] = p.rest;
  }
  /// Beyond the edge nothing is mixed.
  VISEME_DEVICE linear_taps within(int pixels) const {
    linear_taps t = *this;
    if (first < 0 || first >= pixels - 1) {
      t.first = first < 0 ? 0 : pixels - 1;
      t.weight[0] = 1;
      t.weight[1] = 0;
    }
    return t;
  }
};

struct cubic_taps {
  static constexpr int count = 4;
  int first;
  float weight[count];

  VISEME_DEVICE cubic_taps(int at, double scale) {
    constexpr float a = -0.75f;
    const source_place p(at, scale);
    const float x = p.rest, y = 1 - x;
    first = p.first - 1;
    weight[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    weight[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    weight[2] = ((a + 2) * y - (a + 3)) * y * y + 1;
    weight[3] = 1 - weight[0] - weight[1] - weight[2];
  }
};

/// The first and the last pixel may be covered in part.
struct area_taps {
  int first, count;
  float head, inner, tail;

  VISEME_DEVICE area_taps(int at, double scale, int pixels) {
    constexpr double least = 1e-3;  // of a pixel: less counts as nothing
    const double from = at * scale, to = from + scale;
    const auto covered = float(scale < pixels - from ? scale : pixels - from);
    int whole = int(std::ceil(from)), end = int(std::floor(to));
    end = end < pixels - 1 ? end : pixels - 1;
    whole = whole < end ? whole : end;
    const double before = whole - from, after = to - end;
    first = before > least ? whole - 1 : whole;
    count = end - first + (after > least);
    inner = 1 / covered;
    head = before > least ? float(before) / covered : inner;
    tail = after > least ? float(after < 1 ? after : 1) / covered : inner;
  }
  VISEME_DEVICE float weight(int k) const { return k == 0 ? head : k == count - 1 ? tail : inner; }
};

/// f(row, column, weight) for every pixel under a target pixel.
template <class Taps, class F>
VISEME_DEVICE void each_tap(const Taps& rows, const Taps& columns, const F& f) {
  unrolled<Taps::count>([&](auto i) {
    unrolled<Taps::count>([&](auto j) { f(rows.first + i, columns.first + j, rows.weight[i] * columns.weight[j]); });
  });
}
template <class F>
VISEME_DEVICE void each_tap(const area_taps& rows, const area_taps& columns, const F& f) {
  for (int i = 0; i < rows.count; ++i)
    for (int j = 0; j < columns.count; ++j) f(rows.first + i, columns.first + j, rows.weight(i) * columns.weight(j));
}

}  // namespace viseme::simt
