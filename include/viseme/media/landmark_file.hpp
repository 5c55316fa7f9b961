// Landmark files, .lms: "x y" a line in pixels of the frame, 98 or 110 lines.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/media/face_crop.hpp>

namespace viseme::media {

/// Whole numbers or decimals, one pair a line. Throws `error` for anything else, another number of lines, or coordinates of 100000 and
/// over.
inline std::vector<point> read_landmarks(const std::filesystem::path& path) {
  io::input_file file(path);
  const auto fail = [&](const std::string& why) { throw error("landmarks '" + file.name() + "'", why, "preprocess the video again"); };
  if (file.size() > 16384) fail("larger than any landmark file");
  const auto bytes = file.read(0, file.size());
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<point> points;
  for (int line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    auto rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (rest.find_first_not_of(" \t\r") == rest.npos) continue;
    const auto number = [&] {
      const auto start = std::min(rest.find_first_not_of(" \t\r,"), rest.size());
      rest.remove_prefix(start);
      float value = 0;
      const auto [stop, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      if (problem != std::errc() || !(std::abs(value) < 1e5f)) fail("line " + std::to_string(line) + " holds no pair of coordinates");
      rest.remove_prefix(std::size_t(stop - rest.data()));
      return value;
    };
    const float x = number(), y = number();
    if (rest.find_first_not_of(" \t\r") != rest.npos) fail("line " + std::to_string(line) + " holds more than two numbers");
    points.push_back({x, y});
  }
  if (!is_landmark_count(points.size())) fail(std::to_string(points.size()) + " points, not 98 or 110");
  return points;
}

/// Writes whole numbers, rounded down, as the reference does. Throws `error` if the file cannot be written.
inline void write_landmarks(const std::filesystem::path& path, std::span<const point> points) {
  std::string text;
  for (const auto& p : points) text += std::to_string(int(std::floor(p.x))) + " " + std::to_string(int(std::floor(p.y))) + "\n";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  require(!file.fail(), "cannot write '" + path.string() + "'", "no space left, or the folder is not writable",
          "free some space or write elsewhere");
}

}  // namespace viseme::media
