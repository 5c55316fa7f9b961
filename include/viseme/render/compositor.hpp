// A drawn face back into its frame.
#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include <viseme/core/error.hpp>
#include <viseme/media/face_crop.hpp>
#include <viseme/media/net_image.hpp>

namespace viseme::render {

using viseme::blend_rule;

/// Throws `error` unless `word` is feather or reference.
inline blend_rule parse_blend(const std::string& word) {
  require(word == "feather" || word == "reference", "blend '" + word + "'", "unknown", "choose feather or reference");
  return word == "feather" ? blend_rule::feather : blend_rule::reference;
}

/// One user's; keeps its buffers. Not for two threads at once.
class compositor {
public:
  explicit compositor(blend_rule rule) : rule_(rule), weight_(weights()) {}

  /// `image` (6, 320, 320) for the net from the frame's own face, in rendering also the reference picture. Keeps the crop for blend().
  void read(const cv::Mat& frame, const media::crop_box& box, std::span<float> image) {
    crop_ = media::cut(frame, box, media::crop_filter);
    const auto face = media::inner(crop_);
    media::write_net_image(face, face, image);
  }

  /// Puts the net's `output` (3, 320, 320) into the frame that read() saw. Outside the box no pixel changes, nor with feather outside the mask.
  void blend(cv::Mat& frame, const media::crop_box& box, std::span<const float> output) {
    if (output.size() != media::picture_size || crop_.empty()) throw std::logic_error("compositor: output of another size than (3, 320, 320), or no crop");
    if (rule_ == blend_rule::reference) {
      auto face = media::inner(crop_);
      media::from_planes(output.data(), face);
      return media::paste(frame, box, crop_);
    }
    fade(frame, box, output);
  }

private:
  /// 0 outside the mask, 1 from the ramp's width inside it on, (328, 328).
  static cv::Mat weights() {
    cv::Mat w(media::crop_size, media::crop_size, CV_32FC1);
    const auto rectangle = media::mask_rectangle + cv::Point(media::margin, media::margin);
    for (int y = 0; y < w.rows; ++y)
      for (int x = 0; x < w.cols; ++x) {
        const int inside = std::min(std::min(x - rectangle.x, rectangle.br().x - 1 - x), std::min(y - rectangle.y, rectangle.br().y - 1 - y));
        const float t = std::clamp((float(inside) + 0.5f) / face_geometry::ramp, 0.f, 1.f);
        w.at<float>(y, x) = inside < 0 ? 0.f : t * t * (3 - 2 * t);
      }
    return w;
  }

  void fade(cv::Mat& frame, const media::crop_box& box, std::span<const float> output) {
    const auto pixels = media::whole_pixels(box);
    const auto inside = pixels & cv::Rect({}, frame.size());
    const int n = media::net_size;
    float* data = const_cast<float*>(output.data());  // cv::Mat has no view of const data; it is only read
    const cv::Mat planes[] = {{n, n, CV_32FC1, data}, {n, n, CV_32FC1, data + n * n}, {n, n, CV_32FC1, data + 2 * n * n}};
    cv::merge(planes, 3, drawn_);
    cv::copyMakeBorder(drawn_, padded_, media::margin, media::margin, media::margin, media::margin, cv::BORDER_REPLICATE);
    const auto filter = pixels.width < media::crop_size ? cv::INTER_AREA : cv::INTER_CUBIC;
    cv::resize(padded_, face_, pixels.size(), 0, 0, filter);
    if (box_weight_.size() != pixels.size()) cv::resize(weight_, box_weight_, pixels.size(), 0, 0, pixels.width < media::crop_size ? cv::INTER_AREA : cv::INTER_LINEAR);
    for (int y = inside.y; y < inside.br().y; ++y) {
      const auto* weight = box_weight_.ptr<float>(y - pixels.y) + (inside.x - pixels.x);
      const auto* from = face_.ptr<cv::Vec3f>(y - pixels.y) + (inside.x - pixels.x);
      auto* to = frame.ptr<cv::Vec3b>(y) + inside.x;
      for (int x = 0; x < inside.width; ++x) {
        const float w = weight[x];
        if (w == 0) continue;
        for (int c = 0; c < 3; ++c) {
          const float v = float(to[x][c]) + w * (from[x][c] * 255.f - float(to[x][c]));
          to[x][c] = std::uint8_t(std::clamp(v, 0.f, 255.f) + 0.5f);
        }
      }
    }
  }

  blend_rule rule_;
  cv::Mat weight_, box_weight_, crop_, drawn_, padded_, face_;
};

}  // namespace viseme::render
