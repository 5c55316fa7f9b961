// The parts of the drawn person that do not change: skin, hair and ears at rest as one painting, and what stands behind the head.
// The skin is shaded from a height map: a dome with bumps for nose, sockets, cheeks and chin, lit from one side.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <viseme/demo/face_shape.hpp>

namespace viseme::demo {

using colour = cv::Vec3d;  ///< B, G, R in [0, 1]

inline colour blend(const colour& a, const colour& b, double t) { return a + (b - a) * t; }

/// Colours of one person, from the seed.
struct complexion {
  colour skin, lip, hair, iris, cloth, wall;
  double light_x = -0.45;  ///< negative: lit from the left

  static complexion of(std::uint64_t seed) {
    const auto pick = [&](std::uint64_t place, int n) { return int(uniform(seed, 700 + place) * n); };
    static const std::array<colour, 4> skins{{{0.64, 0.74, 0.94}, {0.56, 0.67, 0.89}, {0.46, 0.58, 0.82}, {0.38, 0.50, 0.74}}};
    static const std::array<colour, 4> hairs{{{0.10, 0.13, 0.19}, {0.13, 0.20, 0.32}, {0.24, 0.38, 0.56}, {0.09, 0.09, 0.10}}};
    static const std::array<colour, 3> irises{{{0.52, 0.40, 0.26}, {0.14, 0.26, 0.40}, {0.30, 0.44, 0.34}}};
    static const std::array<colour, 4> cloths{{{0.40, 0.26, 0.16}, {0.22, 0.36, 0.20}, {0.20, 0.18, 0.46}, {0.34, 0.33, 0.33}}};
    static const std::array<colour, 3> walls{{{0.62, 0.62, 0.60}, {0.66, 0.60, 0.50}, {0.50, 0.58, 0.62}}};
    complexion c;
    c.skin = skins[pick(0, 4)];
    c.hair = hairs[pick(1, 4)];
    c.iris = irises[pick(2, 3)];
    c.cloth = cloths[pick(3, 4)];
    c.wall = walls[pick(4, 3)];
    c.lip = {c.skin[0] * 0.80, c.skin[1] * 0.68, c.skin[2] * 0.88};
    c.light_x = uniform(seed, 705) < 0.5 ? -0.45 : 0.45;
    return c;
  }
};

/// A painting in surface coordinates: BGRA, 8 bit, colours already times alpha.
struct painting {
  static constexpr double scale = 2;  ///< painting pixels a unit
  static constexpr point corner{-190, -235};
  cv::Mat pixels;

  static point place(int column, int row) { return {corner.x + (column + 0.5) / scale, corner.y + (row + 0.5) / scale}; }
};

namespace detail {

inline double bump(point p, double x, double y, double sx, double sy, double amount) {
  const double u = (p.x - x) / sx, v = (p.y - y) / sy, d = 0.5 * (u * u + v * v);
  return d > 12 ? 0 : amount * std::exp(-d);
}

/// The fold from the nose's wing to past the mouth's corner: its distance from the middle.
inline double smile_line(double y) { return 33 + 0.55 * (y - 72) - 0.0022 * (y - 72) * (y - 72); }

/// Height of the face over its outline's plane.
inline double relief(const face_shape& f, point p) {
  const double u = p.x / 140, v = (p.y - 5) / 232;
  point q{std::abs(p.x), p.y};
  double z = 105 * std::sqrt(std::max(0.05, 1 - u * u - v * v));
  z += bump(q, 0, 5, 8, 20, 7) + bump(q, 0, 34, 9.5, 20, 13) + bump(q, 0, 62, 12, 10, 17);
  z += bump(q, f.nose_half - 5, 68, 6, 7, 10) - bump(q, f.nose_half + 7, 70, 5, 10, 2.5);
  z += bump(q, f.eye_x, -1, 27, 15, -13) + bump(q, f.eye_x, 1, 19, 10, 8) + bump(q, f.eye_x - 3, f.brow_y + 2, 32, 9, 5);
  z += bump(q, 22, -3, 8, 12, -4) + bump(q, 74, 48, 26, 22, 6) + bump(q, 0, f.mouth_y - 4, 44, 26, 6);
  z += bump(q, 0, f.mouth_y - 26, 4.5, 8, -1.6) + bump(q, 0, f.mouth_y + f.lip_low + 10, 24, 6, -4) + bump(q, 0, f.chin - 22, 26, 16, 8);
  z += bump(q, smile_line(p.y), 90, 6, 16, -1.5) + bump(q, 60, -110, 70, 40, 3);
  return z;
}

inline double edge(double distance, double softness = 0.6) { return std::clamp(0.5 - distance / (2 * softness), 0.0, 1.0); }

/// Hair: signed distance of its outer rim (the head, a little larger) and of the hairline.
inline double hair_cover(const face_shape& f, point p, std::uint64_t seed) {
  const double u = std::abs(p.x) / (f.half_width + 12), v = std::abs(p.y + 10) / 178;
  const double ripple = 1.2 * value_noise(seed + 40, p.x / 9, p.y / 9) + 0.7 * value_noise(seed + 41, p.x / 2.5, p.y / 2.5);
  const double rim = (std::pow(std::pow(u, 2.4) + std::pow(v, 2.4), 1 / 2.4) - 1) * f.half_width + ripple;
  const double x = uniform(seed, 43) < 0.5 ? -p.x : p.x, t = std::abs(x) / f.half_width;
  const double fringe = -104 - 0.12 * x + 14 * std::exp(-std::pow((x - 30) / 40, 2)) + 74 * std::pow(t, 4.0) +
                        5 * value_noise(seed + 42, p.x / 12, 0.5) + 3 * value_noise(seed + 44, p.x / 2.2, 0.5);
  const double side = (f.half_width - 9 - std::abs(p.x)) + std::max(0.0, p.y - 8) * 0.9;
  const double line = std::min(p.y - fringe, std::max(side, p.y - 34));
  return edge(rim, 1.6) * edge(line, 5.0);
}

/// Calls f(row) for every row, on OpenCV's threads.
template <class F>
void each_row(int rows, F f) {
  cv::parallel_for_(cv::Range(0, rows), [&](const cv::Range& range) {
    for (int r = range.start; r < range.end; ++r) f(r);
  });
}

}  // namespace detail

inline painting paint_face(const face_shape& f, const complexion& c, std::uint64_t seed) {
  using detail::bump;
  using detail::edge;
  const int columns = int(-2 * painting::corner.x * painting::scale), rows = int(490 * painting::scale);
  cv::Mat_<double> height(rows, columns);
  detail::each_row(rows, [&](int r) {
    for (int k = 0; k < columns; ++k) height(r, k) = detail::relief(f, painting::place(k, r));
  });

  const cv::Vec3d light = cv::normalize(cv::Vec3d(c.light_x, -0.50, 0.80)), half = cv::normalize(light + cv::Vec3d(0, 0, 1));
  cv::Mat_<cv::Vec4b> pixels(rows, columns, cv::Vec4b(0, 0, 0, 0));
  detail::each_row(rows, [&](int r) {
    for (int k = 0; k < columns; ++k) {
      const point p = painting::place(k, r), q{std::abs(p.x), p.y};
      const double du = (p.x < 0 ? p.x + f.half_width + 5 : p.x - f.half_width - 5), ear_y = (p.y - 22) / 36;
      const double ear = edge((std::hypot(du / 13, ear_y) - 1) * 12, 0.8);
      const double face = edge(f.outline(p), 0.8), hair = detail::hair_cover(f, p, seed);
      const double skin_cover = std::max(ear, face), alpha = std::max(skin_cover, hair);
      if (alpha <= 0) continue;

      const int k0 = std::max(k - 1, 0), k1 = std::min(k + 1, columns - 1), r0 = std::max(r - 1, 0), r1 = std::min(r + 1, rows - 1);
      const double gx = (height(r, k1) - height(r, k0)) * painting::scale / (k1 - k0),
                   gy = (height(r1, k) - height(r0, k)) * painting::scale / (r1 - r0);
      const cv::Vec3d normal = cv::normalize(cv::Vec3d(-gx, -gy, 1));
      const double lambert = std::max(0.0, 0.12 + 0.88 * normal.dot(light)), gloss = std::pow(std::max(0.0, normal.dot(half)), 26);

      colour skin = c.skin;
      const double flush =
          bump(q, 66, 62, 26, 20, 0.5) + bump(q, 0, 64, 13, 10, 0.5) + bump(q, 0, f.chin - 14, 24, 12, 0.25) + 0.5 * ear * (1 - face);
      skin = {skin[0] * (1 - 0.16 * flush), skin[1] * (1 - 0.13 * flush), skin[2]};
      skin *= 1 + 0.030 * cloud_noise(seed + 20, p.x / 16, p.y / 16) + 0.022 * value_noise(seed + 24, p.x / 1.6, p.y / 1.6);
      skin *= 1 - bump(q, f.eye_x, 17, 22, 6, 0.10) - bump(q, f.eye_x - 2, -14, 24, 4.5, 0.17) - bump(q, 21, -2, 9, 12, 0.10);
      const colour ambient{0.42, 0.40, 0.40}, key{0.60, 0.63, 0.66};
      skin = skin.mul(ambient + key * lambert) + colour(0.08, 0.08, 0.08) * gloss;
      double shade = 1 - bump(q, 0, f.nose_base + 7, 19, 6, 0.20) - bump(q, 0, f.mouth_y + f.lip_low + 7, 26, 5, 0.12);
      shade -= bump({c.light_x < 0 ? p.x : -p.x, p.y}, f.nose_half + 5, 58, 9, 18, 0.13);
      shade -= bump(q, detail::smile_line(p.y), 88, 3.5, 13, 0.05) + bump(q, f.nose_half + 3, 71, 2.5, 6, 0.16);
      shade *= 1 - 0.75 * edge((std::hypot((q.x - 9.5) / 6.2, (p.y - f.nose_base + 3.5 + 0.12 * q.x) / 3.1) - 1) * 3.5, 1.6);
      if (ear > face) shade *= 0.86 - 0.16 * std::cos(std::hypot(du / 13, ear_y) * 7);
      shade *= 1 - 0.42 * smoothstep(-26, 2, f.outline(p)) * (0.45 + 0.55 * smoothstep(-70, 70, c.light_x < 0 ? p.x : -p.x));
      shade *= 1 - 0.40 * std::clamp(detail::hair_cover(f, {p.x, p.y - 7}, seed), 0.0, 1.0) * (1 - hair);
      skin *= shade;

      const double bx = f.eye_x - q.x;
      const double hairs = 0.78 + 0.22 * value_noise(seed + 50, (p.x + (p.x < 0 ? 1 : -1) * 0.6 * p.y) / 1.7, p.y / 6);
      const double brow = edge(std::abs(p.y - f.brow_line(bx)) - f.brow_half_thickness(bx), 2.0) * hairs *
                          std::clamp((37 - std::abs(bx + 1)) / 8, 0.0, 1.0);
      skin = blend(skin, c.hair * 0.85, 0.80 * brow);

      const double around = std::atan2(p.x, -(p.y - 60)) * 46, away = std::hypot(p.x, p.y - 60);
      const double strand = 0.55 * value_noise(seed + 60, around, away / 60) + 0.45 * value_noise(seed + 61, 2.6 * around, away / 35);
      const double top = std::exp(-0.5 * std::pow((p.y + 128 + 0.25 * p.x * (c.light_x < 0 ? 1 : -1)) / 24, 2));
      const double u = p.x / (f.half_width + 12), v = (p.y + 10) / 180, round = std::sqrt(std::max(0.0, 1 - u * u - v * v));
      const colour lock = c.hair * (0.50 + 0.55 * round + 0.30 * strand + 0.55 * top * (0.7 + 0.5 * strand));

      colour out = blend(skin, lock, hair) * (255 * alpha);
      for (int i = 0; i < 3; ++i) pixels(r, k)[i] = cv::saturate_cast<uchar>(std::min(out[i], 255 * alpha));
      pixels(r, k)[3] = cv::saturate_cast<uchar>(255 * alpha);
    }
  });
  painting out;
  cv::GaussianBlur(pixels, out.pixels, {}, 0.7);
  return out;
}

/// Wall, neck, shoulders: BGR, 8 bit, in frame pixels plus `margin` on every side. `origin` is the head's place at rest.
inline cv::Mat paint_backdrop(const face_shape& f, const complexion& c, std::uint64_t seed, cv::Size size, int margin, point origin) {
  using detail::edge;
  cv::Mat_<cv::Vec3b> out(size.height + 2 * margin, size.width + 2 * margin);
  detail::each_row(out.rows, [&](int r) {
    for (int k = 0; k < out.cols; ++k) {
      const point p{k - margin - origin.x, r - margin - origin.y};
      const double lit = c.light_x < 0 ? -p.x : p.x;
      colour here = c.wall * (0.80 + 0.0006 * lit - 0.0003 * p.y + 0.05 * cloud_noise(seed + 80, p.x / 90, p.y / 90) +
                              0.02 * cloud_noise(seed + 84, p.x / 5, p.y / 5));
      here *= 1 - 0.22 * std::exp(-0.5 * (std::pow((p.x - (c.light_x < 0 ? 60 : -60)) / 130, 2) + std::pow(p.y / 190, 2)));

      const double neck_half = 66 + 0.0022 * std::pow(std::max(0.0, p.y - 150), 2);
      const double n = std::clamp(p.x / neck_half, -1.0, 1.0);
      const double round = std::sqrt(1 - n * n), facing = std::clamp(0.62 + 0.30 * round + 0.22 * n * (c.light_x < 0 ? -1 : 1), 0.0, 1.1);
      const double under = smoothstep(f.chin + 62, f.chin - 4, p.y + 0.0022 * p.x * p.x);
      double throat = 1 - 0.10 * std::exp(-0.5 * std::pow((p.x) / 9, 2)) * smoothstep(200, 240, p.y);
      colour neck = c.skin * (facing * (0.98 - 0.42 * under) * throat * (1 + 0.02 * cloud_noise(seed + 90, p.x / 10, p.y / 10)));
      if (p.y > 60) here = blend(here, neck, edge(std::abs(p.x) - neck_half, 1.2));

      const double ax = std::abs(p.x);
      const double shoulder = 232 + 0.30 * std::max(0.0, ax - 50) + 0.0016 * ax * ax;
      const double collar = 300 - 0.0105 * ax * ax;
      const double rim = std::max(shoulder - p.y, ax < 92 ? collar - p.y : -1e3);
      const double fold =
          0.5 * cloud_noise(seed + 95, p.x / 60 + p.y / 200, p.y / 150) + 0.10 * value_noise(seed + 99, p.x / 1.5, p.y / 1.5);
      const double hem = std::exp(-0.5 * std::pow((rim + 7) / 1.6, 2)) + 0.7 * std::exp(-0.5 * std::pow((rim) / 2.5, 2));
      colour cloth = c.cloth * (0.95 + 0.0010 * lit + 0.22 * fold - 0.25 * hem) + colour(0.05, 0.05, 0.05);
      here = blend(here, cloth, edge(rim, 1.0));
      for (int i = 0; i < 3; ++i) out(r, k)[i] = cv::saturate_cast<uchar>(255 * here[i]);
    }
  });
  cv::Mat soft;
  cv::GaussianBlur(out, soft, {}, 0.6);
  return soft;
}

}  // namespace viseme::demo
