// The drawn face's 110 landmarks, exact, in the order of the landmark net whose crop rule the engine follows.
//
//   0..32  outline, left ear over the chin to the right ear (left and right as seen)
//   33..41 left brow, 42..50 right brow: outer end, upper edge to the inner end, lower edge back
//   51..54 nose ridge from the tip up, 55..65 nose: left root, left wing, base, right wing, right root
//   66..73 left eye's rim, 74..77 its iris; 78..85 right eye's rim, 86..89 its iris
//   90..101 outer lips, 102..109 inner lips, both from the left corner over the upper lip
#pragma once

#include <array>
#include <cmath>

#include <viseme/demo/face_shape.hpp>

namespace viseme::demo {

using landmarks = std::array<point, 110>;

namespace detail {

/// 33 points of the outline at rest at equal arcs, from a little over the eye line on one side to the other.
inline std::array<point, 33> outline_points(const face_shape& f) {
  constexpr int steps = 2000;
  const auto at = [&](int i) {  // by angle at the eye line's middle: the outline is star-shaped around it
    const double angle = std::lerp(-0.1, 3.14159265358979 / 2, double(i) / steps);
    double near = 0, far = 300;
    for (int k = 0; k < 40; ++k) {
      const double r = 0.5 * (near + far);
      (f.outline({-r * std::cos(angle), r * std::sin(angle)}) < 0 ? near : far) = r;
    }
    return point{-near * std::cos(angle), near * std::sin(angle)};
  };
  std::array<point, steps + 1> path;
  std::array<double, steps + 1> length{};
  for (int i = 0; i <= steps; ++i) {
    path[i] = at(i);
    if (i) length[i] = length[i - 1] + std::hypot(path[i].x - path[i - 1].x, path[i].y - path[i - 1].y);
  }
  std::array<point, 33> out;
  int at_step = 0;
  for (int k = 0; k <= 16; ++k) {
    while (at_step < steps && length[at_step] < length[steps] * k / 16) ++at_step;
    out[k] = path[at_step];
    out[32 - k] = {-path[at_step].x, path[at_step].y};
  }
  return out;
}

}  // namespace detail

/// Offset of the iris' middle from the eye's middle.
inline point iris_offset(const face_state& s) { return {2.6 * s.gaze_x, 0.5 + 1.2 * s.gaze_y}; }
inline constexpr double iris_radius = 10.2;

/// Landmarks of one frame, in frame pixels. `outline` is outline_points(shape), the same for every frame.
inline landmarks landmarks_of(const face_shape& f, const face_pose& pose, const std::array<point, 33>& outline) {
  landmarks out;
  const auto skin = [&](int i, double x, double y) { out[i] = pose.surface_to_frame({x, y}); };
  const auto drawn = [&](int i, double x, double y) { out[i] = pose.facing_to_frame({x, y}); };
  for (int i = 0; i < 33; ++i) skin(i, outline[i].x, outline[i].y);

  const double along_brow[] = {-36, -23, -8, 10, 30, 30, 10, -8, -23}, brow_edge[] = {0, -1, -1, -1, -1, 1, 1, 1, 1};
  for (int i = 0; i < 9; ++i) {
    const double x = along_brow[i], y = f.brow_line(x) + brow_edge[i] * f.brow_half_thickness(x);
    skin(33 + i, -f.eye_x + x, y);
    skin(42 + i, f.eye_x - x, y);
  }

  const double ridge[] = {62, 38, 14, -9};
  for (int i = 0; i < 4; ++i) skin(51 + i, 0, ridge[i]);
  const double n = f.nose_half;
  const point wing[] = {{-17, -3}, {-n + 1, 49}, {-n - 4, 65}, {-n + 2, 76}, {-10, 75}};
  for (int i = 0; i < 5; ++i) {
    skin(55 + i, wing[i].x, wing[i].y);
    skin(65 - i, -wing[i].x, wing[i].y);
  }
  skin(60, 0, f.nose_base + 2);

  const lids lid(f, pose.state().blink);
  const point iris = iris_offset(pose.state());
  for (const int side : {-1, 1}) {
    const int first = side < 0 ? 66 : 78;
    const double along[] = {-1, -0.56, 0, 0.56, 1, 0.56, 0, -0.56};
    for (int i = 0; i < 8; ++i) {
      const double x = along[i] * f.eye_half;
      drawn(first + i, side * (f.eye_x - x), i < 5 ? lid.upper(x) : lid.lower(x));
    }
    const double ring[] = {0, 0, -1, 1};
    for (int i = 0; i < 4; ++i) drawn(first + 8 + i, side * f.eye_x + iris.x + ring[i] * iris_radius, iris.y);
  }

  const lips& mouth = pose.mouth();
  const double outer[] = {-1, -0.7, -0.3, 0, 0.3, 0.7, 1, 0.7, 0.35, 0, -0.35, -0.7};
  for (int i = 0; i < 12; ++i) {
    const double x = outer[i] * mouth.half_width();
    drawn(90 + i, x, i < 7 ? mouth.outer_top(x) : mouth.outer_bottom(x));
  }
  const double inner[] = {-0.87, -0.5, 0, 0.5, 0.87, 0.5, 0, -0.5};
  for (int i = 0; i < 8; ++i) {
    const double x = inner[i] * mouth.half_width();
    drawn(102 + i, x, i < 5 ? mouth.inner_top(x) : mouth.inner_bottom(x));
  }
  return out;
}

}  // namespace viseme::demo
