// The drawn person's truth as files: a landmark file a frame and one JSON for the rest.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include <viseme/core/rational.hpp>
#include <viseme/demo/drawn_person.hpp>

namespace viseme::demo {

/// "x y" a line with two decimals, 110 lines.
inline std::string landmark_text(const landmarks& points) {
  std::string out;
  char line[64];
  for (const auto& p : points) out.append(line, std::size_t(std::snprintf(line, sizeof line, "%.2f %.2f\n", p.x, p.y)));
  return out;
}

/// truth.json, all but its frames: {"version", "seed", "fps", "width", "height", "frames": []}.
inline nlohmann::ordered_json truth_header(std::uint64_t seed, rational fps) {
  return {{"version", 1},
          {"seed", seed},
          {"fps", text(fps)},
          {"width", drawn_person::width},
          {"height", drawn_person::height},
          {"frames", nlohmann::ordered_json::array()}};
}

/// One frame: the opening as a fraction of the widest and in pixels, rounding, the box the inner mouth stays in (x, y, width, height), lids
/// and pose.
inline nlohmann::ordered_json truth_entry(const frame_truth& t) {
  const auto& b = t.mouth_box;
  const auto& p = t.state.pose;
  return {{"opening", t.mouth.opening},
          {"opening_pixels", t.opening_pixels},
          {"rounding", t.mouth.rounding},
          {"mouth_box", {b.x, b.y, b.width, b.height}},
          {"blink", t.state.blink},
          {"pose", {{"x", p.x}, {"y", p.y}, {"angle", p.angle}, {"scale", p.scale}, {"turn", p.turn}, {"nod", p.nod}}}};
}

}  // namespace viseme::demo
