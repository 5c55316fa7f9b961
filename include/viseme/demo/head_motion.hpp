// How the drawn head moves on its own: slow sway, small turns, blinks, brows. A function of time alone, so frames need no order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <viseme/demo/seeded_noise.hpp>

namespace viseme::demo {

/// Where the head is. Lengths in pixels of the frame, the angle in radians, clockwise on the picture.
struct head_pose {
  double x = 0, y = 0;  ///< shift of the head's origin, the middle of the eye line, from its place at rest
  double angle = 0;     ///< roll
  double scale = 1;
  double turn = 0, nod = 0;  ///< shift of the nearest part of the face against its outline: a small yaw and pitch
};

/// What the face does besides speaking.
struct face_state {
  head_pose pose;
  double blink = 0;               ///< 0 open .. 1 lids closed
  double brow = 0;                ///< -1 .. 1, lowered .. raised
  double gaze_x = 0, gaze_y = 0;  ///< -1 .. 1
};

/// Two sines of incommensurable rates with phases from the seed; within [-1, 1].
inline double sway(std::uint64_t seed, std::uint64_t stream, double rate, double seconds) {
  const auto wave = [&](int i, double hz) {
    return std::sin(2 * std::numbers::pi *
                    (hz * uniform(seed, 100 * stream + i, 0.85, 1.15) * seconds + uniform(seed, 100 * stream + 10 + i)));
  };
  return 0.65 * wave(0, rate) + 0.35 * wave(1, 2.37 * rate);
}

/// Lid closure at a time: one blink of about 0.28 s in every slot of 3.4 s, at a place the seed decides.
inline double blink(std::uint64_t seed, double seconds) {
  constexpr double slot = 3.4, closing = 0.09, opening = 0.19;
  const double index = std::floor(seconds / slot);
  const double start = uniform(seed, 5000 + std::uint64_t(std::max(index, 0.0)), 0.3, slot - 0.6);
  const double t = seconds - index * slot - start;
  const double x = t < 0 ? 1 + t / closing : 1 - t / opening;
  const double c = std::clamp(x, 0.0, 1.0);
  return c * c * (3 - 2 * c);
}

inline face_state face_at(std::uint64_t seed, double seconds) {
  const auto s = [&](std::uint64_t stream, double rate) { return sway(seed, stream, rate, seconds); };
  face_state f;
  f.pose = {.x = 7 * s(1, 0.11),
            .y = 4 * s(2, 0.17),
            .angle = 0.040 * s(3, 0.13),
            .scale = 1 + 0.012 * s(4, 0.07),
            .turn = 7 * s(5, 0.15),
            .nod = 5 * s(6, 0.19)};
  f.blink = blink(seed, seconds);
  f.brow = s(7, 0.23);
  f.gaze_x = s(8, 0.21);
  f.gaze_y = s(9, 0.16);
  return f;
}

}  // namespace viseme::demo
