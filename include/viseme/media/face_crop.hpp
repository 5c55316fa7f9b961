// The square a net sees of a face: from landmarks to a crop, the net's pictures, and back into the frame.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include <viseme/core/error.hpp>
#include <viseme/core/face_geometry.hpp>

namespace viseme::media {

/// In pixels of the frame.
struct point {
  float x = 0, y = 0;
  bool operator==(const point&) const = default;
};

/// A square in pixels of the frame; may reach outside it.
struct crop_box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  bool operator==(const crop_box&) const = default;
  float side() const { return x1 - x0; }
};

inline constexpr int crop_size = face_geometry::crop;  ///< side of a crop
inline constexpr int margin = face_geometry::margin;       ///< rim of a crop that the net neither sees nor changes
inline constexpr int net_size = face_geometry::net;   ///< side of the net's pictures
/// What is black in the masked picture, 320 x 320: columns 5 .. 314, rows 5 .. 309.
inline const cv::Rect mask_rectangle(face_geometry::mask_x, face_geometry::mask_y, face_geometry::mask_width, face_geometry::mask_height);

/// Landmark numberings that the crop rule is right for: 98 (WFLW) and 110 points share the three it reads.
constexpr bool is_landmark_count(std::size_t n) { return n == 98 || n == 110; }

/// From point 1's x to point 31's (the outline below the ears), as far down from point 52's y (the nose's bridge).
inline crop_box crop_from_landmarks(std::span<const point> points) {
  if (!is_landmark_count(points.size())) throw std::logic_error("crop_from_landmarks: neither 98 nor 110 points");
  const float left = points[1].x, right = points[31].x, top = points[52].y;
  return {left, top, right, top + (right - left)};
}

/// The pixels of a box: corners rounded down and kept square, which is what landmark files of whole numbers give.
inline cv::Rect whole_pixels(const crop_box& box) {
  const int x = int(std::floor(box.x0)), y = int(std::floor(box.y0)), side = int(std::floor(box.x1)) - x;
  return {x, y, side, side};
}

/// A box that cut() and paste() take: at least 16 pixels a side, at most the frame's longer side, and at least a quarter of it inside.
inline bool is_usable(const crop_box& box, cv::Size frame) {
  for (const float v : {box.x0, box.y0, box.x1, box.y1})
    if (!(std::abs(v) < 1e5f)) return false;
  const auto pixels = whole_pixels(box);
  return pixels.width >= 16 && pixels.width <= std::max(frame.width, frame.height) &&
         4 * std::int64_t((pixels & cv::Rect({}, frame)).area()) >= std::int64_t(pixels.area());
}

/// whole_pixels(). Throws `error` unless `is_usable`.
inline cv::Rect usable_pixels(const crop_box& box, cv::Size frame) {
  require(is_usable(box, frame), "face box", "too small, or too far outside the frame",
          "preprocess the video again, or leave this frame out");
  return whole_pixels(box);
}

/// The box's content, 328 x 328 BGR; where it leaves the frame, the frame's border is repeated. Cubic is what rendering uses, linear what
/// the reference trains with. Throws `error` unless `is_usable`.
inline cv::Mat cut(const cv::Mat& frame, const crop_box& box, cv::InterpolationFlags interpolation = cv::INTER_CUBIC) {
  const auto pixels = usable_pixels(box, frame.size());
  const auto inside = pixels & cv::Rect({}, frame.size());
  cv::Mat part = frame(inside);
  if (inside != pixels) {
    cv::Mat whole;
    cv::copyMakeBorder(part, whole, inside.y - pixels.y, pixels.br().y - inside.br().y, inside.x - pixels.x, pixels.br().x - inside.br().x,
                       cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
    part = whole;
  }
  cv::Mat crop;
  cv::resize(part, crop, {crop_size, crop_size}, 0, 0, interpolation);
  return crop;
}

/// The net's 320 x 320 part of a crop, sharing its pixels.
inline cv::Mat inner(const cv::Mat& crop328) {
  if (crop328.rows != crop_size || crop328.cols != crop_size) throw std::logic_error("inner: not a crop");
  return crop328(cv::Rect(margin, margin, net_size, net_size));
}

/// A copy with the mouth's rectangle black.
inline cv::Mat masked(const cv::Mat& bgr320) {
  if (bgr320.rows != net_size || bgr320.cols != net_size) throw std::logic_error("masked: not a picture of 320 x 320");
  cv::Mat copy = bgr320.clone();
  copy(mask_rectangle).setTo(0);
  return copy;
}

/// 8-bit BGR -> float planes (3, height, width) in [0, 1]: value / 255, blue first.
inline void to_planes(const cv::Mat& bgr, float* chw) {
  if (bgr.type() != CV_8UC3) throw std::logic_error("to_planes: not an 8-bit BGR picture");
  static const auto table = [] {
    std::array<float, 256> t;
    for (int i = 0; i < 256; ++i) t[std::size_t(i)] = float(i) / 255.f;
    return t;
  }();
  const auto plane = std::size_t(bgr.rows) * std::size_t(bgr.cols);
  for (int y = 0; y < bgr.rows; ++y) {
    const auto* row = bgr.ptr<std::uint8_t>(y);
    float* out = chw + std::size_t(y) * std::size_t(bgr.cols);
    for (int x = 0; x < bgr.cols; ++x, row += 3)
      for (std::size_t c = 0; c < 3; ++c) out[c * plane + std::size_t(x)] = table[row[c]];
  }
}

/// Float planes (3, height, width) -> 8-bit BGR of `bgr`'s size: value x 255 truncated, as the reference does; outside [0, 1] and NaN
/// clamped.
inline void from_planes(const float* chw, cv::Mat& bgr) {
  if (bgr.type() != CV_8UC3) throw std::logic_error("from_planes: not an 8-bit BGR picture");
  const auto plane = std::size_t(bgr.rows) * std::size_t(bgr.cols);
  for (int y = 0; y < bgr.rows; ++y) {
    auto* row = bgr.ptr<std::uint8_t>(y);
    const float* in = chw + std::size_t(y) * std::size_t(bgr.cols);
    for (int x = 0; x < bgr.cols; ++x, row += 3)
      for (std::size_t c = 0; c < 3; ++c) row[c] = std::uint8_t(std::min(std::max(0.f, in[c * plane + std::size_t(x)] * 255.f), 255.f));
  }
}

/// Puts a crop back: resized (cubic) to the box, the part inside the frame replaced. Throws `error` unless `is_usable`.
inline void paste(cv::Mat& frame, const crop_box& box, const cv::Mat& crop328) {
  const auto pixels = usable_pixels(box, frame.size());
  cv::Mat face;
  cv::resize(crop328, face, pixels.size(), 0, 0, cv::INTER_CUBIC);
  const auto inside = pixels & cv::Rect({}, frame.size());
  face(inside - pixels.tl()).copyTo(frame(inside));
}

}  // namespace viseme::media
