// The drawn face's geometry: outline, lips and lids as curves, how speech and pose move them, and the 110 landmarks they give.
//
// Three coordinate systems, y downwards, a unit is a pixel at scale 1, the origin is the middle of the eye line:
//   frame    pixels of the picture
//   head     frame less shift, roll and scale
//   surface  head less the turn's parallax and less the jaw's drop: the face at rest, in which the skin is painted
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <viseme/demo/head_motion.hpp>
#include <viseme/demo/seeded_noise.hpp>

namespace viseme::demo {

struct point {
  double x = 0, y = 0;
};

constexpr double smoothstep(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

/// What the mouth does: opening 0 (closed) .. 1, rounding -1 (spread) .. 1 (pursed).
struct mouth_state {
  double opening = 0, rounding = 0;
};

/// Sizes of one person's face, in units.
struct face_shape {
  double half_width = 120, chin = 197;
  double eye_x = 51, eye_half = 25, lid_up = 10.5, lid_low = 6.5;
  double brow_y = -31, nose_half = 21, nose_base = 80;
  double mouth_y = 121, mouth_half = 46, lip_up = 10, lip_low = 13;
  double greatest_opening = 34;

  static face_shape of(std::uint64_t seed) {
    const auto around = [&](std::uint64_t place, double middle, double part) {
      return uniform(seed, 900 + place, middle * (1 - part), middle * (1 + part));
    };
    face_shape f;
    f.half_width = around(0, 119, 0.02);
    f.chin = around(1, 196, 0.025);
    f.eye_x = around(2, 51, 0.04);
    f.eye_half = around(3, 24.5, 0.05);
    f.lid_up = around(4, 10.5, 0.08);
    f.brow_y = around(5, -31, 0.06);
    f.nose_half = around(6, 21, 0.08);
    f.mouth_half = around(7, 46, 0.05);
    f.lip_up = around(8, 9.5, 0.15);
    f.lip_low = around(9, 13, 0.12);
    return f;
  }

  /// Signed distance to the face's outline at rest, about right near it; negative inside.
  double outline(point p) const {
    const double ax = std::abs(p.x) / half_width;
    const bool jaw = p.y > 0;
    const double b = jaw ? chin : 175, px = jaw ? 1.75 : 2, py = jaw ? 2.4 : 2;
    const double ay = std::abs(p.y) / b;
    const double g = std::pow(ax, px) + std::pow(ay, py) - 1;
    const double dx = px * std::pow(ax, px - 1) / half_width, dy = py * std::pow(ay, py - 1) / b;
    return g / std::max(std::hypot(dx, dy), 1e-3);
  }

  /// A brow's middle line and half thickness; x from the eye's middle, positive towards the nose, within [-36, 34].
  double brow_line(double x) const { return brow_y - 4 + 0.0085 * (x - 4) * (x - 4) - 0.06 * (x + 2); }
  double brow_half_thickness(double x) const {
    return 4.6 * std::clamp((36 - std::abs(x + 2)) / 26, 0.0, 1.0) * (1 + 0.010 * (x + 2)) + 0.2;
  }
};

/// The lips at one moment: four curves y(x) in head units, x from the mouth's middle.
class lips {
public:
  lips(const face_shape& f, mouth_state m)
      : half_(f.mouth_half * (1 - 0.15 * m.rounding - 0.05 * m.opening)),
        inner_half_(half_ * 0.87),
        y_(f.mouth_y),
        height_(f.greatest_opening * m.opening),
        rise_(0.2 * height_),
        fall_(0.8 * height_),
        up_(f.lip_up * (1 + 0.18 * m.rounding - 0.12 * m.opening)),
        low_(f.lip_low * (1 + 0.15 * m.rounding - 0.15 * m.opening)) {}

  double half_width() const { return half_; }
  double height() const { return height_; }  ///< of the opening at its middle
  double fall() const { return fall_; }

  double seam(double x) const { return y_ + 1.6 * bell(x / 9) - 1.0 * bell((std::abs(x) - 16) / 12) - 1.2 * square(x / half_); }
  double inner_top(double x) const { return seam(x) - rise_ * arch(x); }
  double inner_bottom(double x) const { return seam(x) + fall_ * arch(x); }
  double outer_top(double x) const {
    return seam(x) - rise_ * arch(x) - up_ * taper(x) * (1 - 0.24 * bell(x / 7) + 0.10 * bell((std::abs(x) - 13) / 9));
  }
  double outer_bottom(double x) const { return seam(x) + fall_ * arch(x) + low_ * taper(x); }

private:
  static double square(double x) { return x * x; }
  static double bell(double x) { return std::exp(-x * x); }
  double arch(double x) const { return std::pow(std::max(0.0, 1 - square(x / inner_half_)), 0.72); }
  double taper(double x) const { return std::pow(std::max(0.0, 1 - square(x / half_)), 0.75); }

  double half_, inner_half_, y_, height_, rise_, fall_, up_, low_;
};

/// One eye's lids: curves y(x), x from the eye's middle, positive towards the nose.
class lids {
public:
  lids(const face_shape& f, double blink) : half_(f.eye_half), up_(f.lid_up), low_(f.lid_low), blink_(blink) {}
  double half_width() const { return half_; }
  double blink() const { return blink_; }
  double lower(double x) const { return slant(x) + (low_ + 0.8 * blink_) * arch(x, 0.85, -0.12); }
  double upper_open(double x) const { return slant(x) - up_ * arch(x, 0.62, 0.10); }
  double upper(double x) const { return std::lerp(upper_open(x), lower(x) - 0.3, blink_); }

private:
  double slant(double x) const { return 1.6 * x / half_; }
  double arch(double x, double power, double skew) const {
    const double t = std::clamp(x / half_, -1.0, 1.0);
    return std::pow(std::max(0.0, 1 - t * t), power) * (1 + skew * t);
  }
  double half_, up_, low_, blink_;
};

/// Maps between the coordinate systems for one frame.
class face_pose {
public:
  face_pose(const face_shape& f, const face_state& s, mouth_state m, point origin)
      : shape_(f),
        state_(s),
        lips_(f, m),
        origin_{origin.x + s.pose.x, origin.y + s.pose.y},
        cos_(std::cos(s.pose.angle)),
        sin_(std::sin(s.pose.angle)),
        ramp_(lips_.fall() + f.lip_low + 6),
        drop_(0.88 * lips_.fall()) {}

  const face_state& state() const { return state_; }
  const lips& mouth() const { return lips_; }

  point head(point frame) const {
    const double dx = (frame.x - origin_.x) / state_.pose.scale, dy = (frame.y - origin_.y) / state_.pose.scale;
    return {cos_ * dx + sin_ * dy, -sin_ * dx + cos_ * dy};
  }
  point frame(point head) const {
    const double s = state_.pose.scale;
    return {origin_.x + s * (cos_ * head.x - sin_ * head.y), origin_.y + s * (sin_ * head.x + cos_ * head.y)};
  }

  /// Head without the turn's parallax: where lips and lids are drawn.
  point facing(point head) const {
    const double z = depth(head);
    return {head.x - state_.pose.turn * z, head.y - state_.pose.nod * z};
  }
  /// Facing without jaw and brows: the skin at rest.
  point surface(point facing) const { return {facing.x, facing.y - drop_ * jaw(facing) + 2.5 * state_.brow * brow(facing)}; }

  /// Where a point of the drawn lips and lids, or of the skin at rest, lies in the frame; the inverse of the above by fixed-point
  /// iteration.
  point facing_to_frame(point target) const {
    return frame(solve(target, [this](point p) { return facing(p); }));
  }
  point surface_to_frame(point target) const {
    return facing_to_frame(solve(target, [this](point p) { return surface(p); }));
  }

private:
  /// 1 at the face's front, 0 about its outline, negative behind; the nose stands out.
  double depth(point p) const {
    const double u = p.x / 125, v = (p.y - 25) / 215;
    const double nx = p.x / 24, ny = (p.y - 55) / 34, n = 1 + nx * nx + ny * ny;
    return std::max(1 - u * u - v * v, -1.0) + 0.55 / (n * n);
  }
  double jaw(point p) const {
    const double t = std::clamp((p.y - shape_.mouth_y) / ramp_, 0.0, 1.0);
    return 0.5 * (t + t * t * (3 - 2 * t)) * (1 - smoothstep(50, shape_.half_width + 4, std::abs(p.x)));
  }
  double brow(point p) const {
    const double u = (std::abs(p.x) - shape_.eye_x) / 40, v = (p.y - shape_.brow_y) / 14, n = 1 + u * u + v * v;
    return 1 / (n * n);
  }
  template <class F>
  static point solve(point target, F map) {
    point p = target;
    for (int i = 0; i < 60; ++i) {
      const point q = map(p);
      const double ex = target.x - q.x, ey = target.y - q.y;
      p = {p.x + ex, p.y + ey};
      if (ex * ex + ey * ey < 1e-14) break;
    }
    return p;
  }

  const face_shape& shape_;
  face_state state_;
  lips lips_;
  point origin_;
  double cos_, sin_, ramp_, drop_;
};

}  // namespace viseme::demo
