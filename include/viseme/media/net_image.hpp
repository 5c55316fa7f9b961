// A face as the UNet takes it, in training and rendering alike.
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>
#include <stdexcept>

#include <viseme/media/face_crop.hpp>

namespace viseme::media {

/// How crops are resampled on both sides: a net that learned from one filter's pictures is not shown another's. The reference trains with this
/// one and renders with cubic, which sharpens what the net sees.
inline constexpr auto crop_filter = cv::INTER_LINEAR;

/// Numbers of one picture, (3, 320, 320).
inline constexpr std::size_t picture_size = std::size_t(3) * net_size * net_size;

/// `image` (6, 320, 320), BGR in [0, 1]: the reference picture, then the target's with the mouth masked; both 320 x 320.
inline void write_net_image(const cv::Mat& reference, const cv::Mat& target, std::span<float> image) {
  if (image.size() != 2 * picture_size) throw std::logic_error("write_net_image: image of another size than (6, 320, 320)");
  to_planes(reference, image.data());
  to_planes(masked(target), image.data() + picture_size);
}

}  // namespace viseme::media
