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

/// One user's, beside a session of a UNet, which it must not outlive. Memory is taken at construction. Not for two threads at once.
///
///   painter->upload(bgr); painter->cut(square);
///   session->write("audio", window); session->run();
///   painter->blend(); painter->download(result);
class frame_painter {
public:
  virtual ~frame_painter() = default;
  /// A frame of the stated size, dense 8-bit BGR.
  virtual void upload(std::span<const std::uint8_t> bgr) = 0;
  /// The session's `image` from a square of the frame, which must share pixels with it; may return before the work is done.
  virtual void cut(pixel_square) = 0;
  /// The session's `output` into the square that cut() saw last; may return before the work is done.
  virtual void blend() = 0;
  /// The frame in the stated format, `frame_bytes` of it.
  virtual void download(std::span<std::uint8_t> frame) = 0;
};

}  // namespace viseme
