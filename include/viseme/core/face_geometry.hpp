// The square that a net sees of a face, in pixels.
#pragma once

namespace viseme {

/// A face is cut out as a square and resized to `crop` pixels a side, of which the net sees and draws the inner `net`. What it must draw is
/// black in the second of its pictures: the mask, a rectangle of the net's picture.
struct face_geometry {
  static constexpr int crop = 328, margin = 4, net = 320;
  static constexpr int mask_x = 5, mask_y = 5, mask_width = 310, mask_height = 305;
  /// Width of the fade from the source to what the net drew, inwards from the mask's edge.
  static constexpr float ramp = 12;
};

/// A square of a frame's pixels; may reach outside it.
struct pixel_square {
  int x = 0, y = 0, side = 0;
};

/// How a drawn face goes back into its frame.
enum class blend_rule {
  feather,    ///< what the net drew under the mask, fading to the source over the mask's rim
  reference,  ///< the crop with the net's whole picture, as a hard square, 8-bit truncated
};

}  // namespace viseme
