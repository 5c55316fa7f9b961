// Faces out of frames and back, and frames as an encoder takes them. A frame is 8-bit BGR with a square for the face; numbers as OpenCV's:
//   cut_face     crop = the square resized to 328 x 328 (linear, fixed point)
//                image[p] = (crop, crop with the mask black) / 255, of its inner 320 x 320
//   fade_face    frame += weight (255 drawn - frame): drawn (320 x 320, 3), its edge repeated, and the mask's weight, resized to the square
//   paste_face   frame = the crop with 255 drawn, truncated, in its middle, resized to the square (cubic, fixed point)
//   to_i420      luma, and chroma at half size and left (MPEG-2's place), of BT.709 in limited range; odd sides grow by a repeated pixel
// Where the face is in a frame they read from memory, and their grids depend on nothing but the frame's size: a recording of them serves all
// frames. A thread makes a pixel, of a large face several, in to_i420 four. Neighbours make neighbours, and what they share comes from the
// cache: memory is read and written once. Squares have at most 16384 pixels a side and meet the frame.
#pragma once

#include <cmath>
#include <cstdint>

#include <kernels/simt/resampling.hpp>
#include <kernels/simt/vectors.hpp>
#include <viseme/core/face_geometry.hpp>

namespace viseme::simt {

using face = face_geometry;

/// Dense rows of B, G, R.
struct bgr_frame {
  std::uint8_t* data;
  int width, height;

  VISEME_DEVICE std::uint8_t* at(int x, int y) const { return data + 3 * (std::ptrdiff_t(y) * width + x); }
  /// Outside, the edge's pixel.
  VISEME_DEVICE const std::uint8_t* nearest(int x, int y) const {
    const int inner_x = x < 0 ? 0 : x < width ? x : width - 1, inner_y = y < 0 ? 0 : y < height ? y : height - 1;
    return at(inner_x, inner_y);
  }
};

VISEME_DEVICE inline int within(int i, int count) { return i < 0 ? 0 : i < count ? i : count - 1; }

/// The kernels' blocks are tiles of 32 x 8.
struct tile {
  static constexpr int width = warp_size, height = 8, threads = width * height;

  static grid over(int columns, int rows) { return {int(ceil_div(std::size_t(columns), width)), int(ceil_div(std::size_t(rows), height))}; }
  template <class Thread>
  VISEME_DEVICE static int x(const Thread& t) { return t.block().x * width + t.thread() % width; }
  template <class Thread>
  VISEME_DEVICE static int y(const Thread& t) { return t.block().y * height + t.thread() / width; }
};

/// Both axes: the target's pixels of one of the source's.
constexpr double source_per_target(int source, int target) { return 1. / (double(target) / source); }

/// A square that meets a frame, and the pixels of the frame that it covers.
struct face_place {
  pixel_square square;
  int x, y, width, height;
  double cut_scale, draw_scale;  // from the square to the crop and back

  face_place(const bgr_frame& f, pixel_square s)
      : square(s), x(s.x > 0 ? s.x : 0), y(s.y > 0 ? s.y : 0), width((s.x + s.side < f.width ? s.x + s.side : f.width) - x),
        height((s.y + s.side < f.height ? s.y + s.side : f.height) - y), cut_scale(source_per_target(s.side, face::crop)),
        draw_scale(source_per_target(face::crop, s.side)) {}
};

template <class T>
struct cut_face {
  static constexpr int threads = tile::threads;
  bgr_frame frame;
  const face_place* place;
  pixels<T> image;     // (320, 320, 6)
  std::uint8_t* crop;  // (328, 328, 3), or null

  struct grid blocks() const { return tile::over(face::crop, face::crop); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int x = tile::x(t), y = tile::y(t);
    if (x >= face::crop || y >= face::crop) return;
    const pixel_square square = place->square;
    const double scale = place->cut_scale;
    const linear_taps rows(y, scale), columns = linear_taps(x, scale).within(square.side);
    int sum[2][3] = {};
    unrolled<2>([&](auto i) {
      unrolled<2>([&](auto j) {
        const int column = within(columns.first + j, square.side), row = within(rows.first + i, square.side);
        const auto* from = frame.nearest(square.x + column, square.y + row);
        const int weight = fixed(columns.weight[j]);
        for (int c = 0; c < 3; ++c) sum[i][c] += weight * from[c];
      });
    });
    // The upper 16 bits of a product of two 16-bit numbers a row, then two bits of rounding.
    const int upper = fixed(rows.weight[0]), lower = fixed(rows.weight[1]);
    int value[3];
    for (int c = 0; c < 3; ++c) value[c] = ((upper * (sum[0][c] >> 4) >> 16) + (lower * (sum[1][c] >> 4) >> 16) + 2) >> 2;
    if (crop)
      for (int c = 0; c < 3; ++c) crop[3 * (y * face::crop + x) + c] = std::uint8_t(value[c]);
    write(x - face::margin, y - face::margin, value);
  }

private:
  VISEME_DEVICE void write(int x, int y, const int (&value)[3]) const {
    if (x < 0 || x >= face::net || y < 0 || y >= face::net) return;
    const int left = x - face::mask_x, top = y - face::mask_y;
    const bool masked = left >= 0 && left < face::mask_width && top >= 0 && top < face::mask_height;
    T* to = image.at(y * face::net + x);
    for (int c = 0; c < 3; ++c) {
      const float v = float(value[c]) / 255.f;
      to[c] = T(v);
      to[3 + c] = T(masked ? 0.f : v);
    }
  }
};

/// A kernel that draws into what a square covers.
template <class T>
struct drawn_square {
  static constexpr int threads = tile::threads;
  static constexpr int usual_side = 512;  // larger faces take some threads twice
  bgr_frame frame;
  const face_place* place;
  pixels<const T> drawn;  // (320, 320, 3)

  struct grid blocks() const {
    return tile::over(frame.width < usual_side ? frame.width : usual_side, frame.height < usual_side ? frame.height : usual_side);
  }

  /// f(a pixel of the frame, x and y in the square), for all of the thread's.
  template <class Thread, class F>
  VISEME_DEVICE void each_pixel(const Thread& t, const F& f) const {
    const int left = place->x, top = place->y, width = place->width, height = place->height;
    const pixel_square square = place->square;
    for (int y = tile::y(t); y < height; y += t.blocks().y * tile::height)
      for (int x = tile::x(t); x < width; x += t.blocks().x * tile::width)
        f(frame.at(left + x, top + y), left + x - square.x, top + y - square.y);
  }
};

template <class T>
struct fade_face : drawn_square<T> {
  using drawn_square<T>::drawn;

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const bool shrinks = this->place->square.side < face::crop;
    const double scale = this->place->draw_scale;
    this->each_pixel(t, [=, this](std::uint8_t* to, int x, int y) { fade(to, x, y, scale, shrinks); });
  }

  /// 0 outside the mask, 1 from the ramp's width inside it on; x and y of the crop.
  VISEME_DEVICE static float mask_weight(int x, int y) {
    const int left = x - face::margin - face::mask_x, top = y - face::margin - face::mask_y;
    const int across = left < face::mask_width - 1 - left ? left : face::mask_width - 1 - left;
    const int down = top < face::mask_height - 1 - top ? top : face::mask_height - 1 - top;
    const int inside = across < down ? across : down;
    if (inside < 0) return 0;
    const float s = (float(inside) + 0.5f) / face::ramp;
    return s < 1 ? s * s * (3 - 2 * s) : 1.f;
  }

private:
  VISEME_DEVICE void fade(std::uint8_t* to, int x, int y, double scale, bool shrinks) const {
    float weight = 0;
    floats<3> value{};
    if (shrinks) {
      const area_taps rows(y, scale, face::crop), columns(x, scale, face::crop);
      weight = weight_of(rows, columns);
      if (weight > 0) value = value_of(rows, columns);
    } else {
      weight = weight_of(linear_taps(y, scale), linear_taps(x, scale));
      if (weight > 0) value = value_of(cubic_taps(y, scale), cubic_taps(x, scale));
    }
    if (weight == 0) return;
    for (int c = 0; c < 3; ++c) {
      const float before = float(to[c]), v = before + weight * (value.at[c] * 255.f - before);
      to[c] = std::uint8_t((v > 0 ? v < 255 ? v : 255.f : 0.f) + 0.5f);
    }
  }
  template <class Taps>
  VISEME_DEVICE static float weight_of(const Taps& rows, const Taps& columns) {
    float sum = 0;
    each_tap(rows, columns, [&](int y, int x, float w) { sum += w * mask_weight(x, y); });
    return sum;
  }
  template <class Taps>
  VISEME_DEVICE floats<3> value_of(const Taps& rows, const Taps& columns) const {
    floats<3> sum{};
    each_tap(rows, columns, [&](int y, int x, float w) {
      const T* from = drawn.at(within(y - face::margin, face::net) * face::net + within(x - face::margin, face::net));
      for (int c = 0; c < 3; ++c) sum.at[c] += w * float(from[c]);
    });
    return sum;
  }
};

template <class T>
struct paste_face : drawn_square<T> {
  using drawn_square<T>::drawn;
  const std::uint8_t* crop;  // (328, 328, 3), as cut_face left it

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const double scale = this->place->draw_scale;
    this->each_pixel(t, [=, this](std::uint8_t* to, int x, int y) { paste(to, x, y, scale); });
  }

private:
  VISEME_DEVICE void paste(std::uint8_t* to, int x, int y, double scale) const {
    const cubic_taps rows(y, scale), columns(x, scale);
    int sum[3] = {};
    unrolled<4>([&](auto i) {
      int row[3] = {};
      unrolled<4>([&](auto j) {
        add(row, within(columns.first + j, face::crop), within(rows.first + i, face::crop), fixed(columns.weight[j]));
      });
      const int weight = fixed(rows.weight[i]);
      for (int c = 0; c < 3; ++c) sum[c] += weight * row[c];
    });
    for (int c = 0; c < 3; ++c) {
      const int v = (sum[c] + (1 << (2 * weight_bits - 1))) >> (2 * weight_bits);
      to[c] = std::uint8_t(v < 0 ? 0 : v < 255 ? v : 255);
    }
  }
  VISEME_DEVICE void add(int (&row)[3], int x, int y, int weight) const {
    const int inner_x = x - face::margin, inner_y = y - face::margin;
    if (inner_x >= 0 && inner_x < face::net && inner_y >= 0 && inner_y < face::net) {
      const T* from = drawn.at(inner_y * face::net + inner_x);
      for (int c = 0; c < 3; ++c) {
        const float v = float(from[c]) * 255.f;
        row[c] += weight * int(v > 0 ? v < 255 ? v : 255.f : 0.f);
      }
    } else {
      for (int c = 0; c < 3; ++c) row[c] += weight * crop[3 * (y * face::crop + x) + c];
    }
  }
};

struct to_i420 {
  static constexpr int threads = tile::threads;
  bgr_frame frame;
  std::uint8_t* planes;  // Y (2 rows, 2 columns), then U and V (rows, columns)
  int columns = (frame.width + 1) / 2, rows = (frame.height + 1) / 2;

  struct grid blocks() const { return tile::over(columns, rows); }

  template <class Thread>
  VISEME_DEVICE void operator()(const Thread& t) const {
    const int x = tile::x(t), y = tile::y(t);
    if (x >= columns || y >= rows) return;
    constexpr float across[3] = {1 / 4.f, 1 / 2.f, 1 / 4.f}, down[4] = {1 / 8.f, 3 / 8.f, 3 / 8.f, 1 / 8.f};
    floats<3> mean{};
    unrolled<4>([&](auto i) {
      unrolled<3>([&](auto j) {
        const auto* from = frame.nearest(2 * x + j - 1, 2 * y + i - 1);
        const float b = from[0], g = from[1], r = from[2];
        mean += {{down[i] * across[j] * b, down[i] * across[j] * g, down[i] * across[j] * r}};
        if (i == 0 || i == 3 || j == 0) return;
        planes[(std::ptrdiff_t(2) * y + i - 1) * (2 * columns) + 2 * x + j - 1] = byte(16 + 219 / 255.f * luma(b, g, r));
      });
    });
    const float b = mean.at[0], r = mean.at[2], light = luma(b, mean.at[1], r);
    const auto area = std::ptrdiff_t(rows) * columns, at = std::ptrdiff_t(y) * columns + x;
    planes[4 * area + at] = byte(128 + 224 / 255.f / (2 - 2 * blue) * (b - light));
    planes[5 * area + at] = byte(128 + 224 / 255.f / (2 - 2 * red) * (r - light));
  }

private:
  static constexpr float red = 0.2126f, blue = 0.0722f;
  VISEME_DEVICE static float luma(float b, float g, float r) { return blue * b + (1 - red - blue) * g + red * r; }
  VISEME_DEVICE static std::uint8_t byte(float v) { return std::uint8_t(v + 0.5f); }
};

}  // namespace viseme::simt
