// Whole frames in a device's memory, into which a session's faces are drawn there: a frame crosses the bus once each way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <viseme/core/face_geometry.hpp>

namespace viseme {

/// Of 8 bits, rows dense. `i420`: planes Y, U and V of BT.709 in limited range, chroma at half size and left, odd sides one larger: what
/// media::encoder stores.
enum class frame_format { bgr, i420 };

struct frame_options {
  int width = 0, height = 0;
  blend_rule blend = blend_rule::feather;
  frame_format result = frame_format::bgr;
};

constexpr std::size_t frame_bytes(frame_format f, int width, int height) {
  const auto w = std::size_t(width), h = std::size_t(height);
  return f == frame_format::bgr ? 3 * w * h : (w + w % 2) * (h + h % 2) / 2 * 3;
}

class kept_values;

/// One user's, beside a session of a UNet, which it must not outlive. Memory is taken at construction. Not for two threads at once.
///
///   session->write("audio", window);
///   painter->upload(bgr); painter->draw(square); painter->download(result);
class frame_painter {
public:
  virtual ~frame_painter() = default;
  /// A frame of the stated size, dense 8-bit BGR.
  virtual void upload(std::span<const std::uint8_t> bgr) = 0;
  /// The session's `image` from a square of the frame, which must share pixels with it; the session's run(), or its resume() from kept
  /// values; its `output` into the square. May return before the work is done.
  virtual void draw(pixel_square) = 0;
  virtual void draw(pixel_square, const kept_values&) = 0;
  /// The frame in the stated format, `frame_bytes` of it.
  virtual void download(std::span<std::uint8_t> frame) = 0;
};

}  // namespace viseme
