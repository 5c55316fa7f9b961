// How well the net draws frames it never learned from, against the answer that needs no net.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <span>
#include <vector>

#include <viseme/run/runner.hpp>
#include <viseme/train/loader.hpp>
#include <viseme/train/mouth_region.hpp>
#include <viseme/train/split.hpp>

namespace viseme::train {

/// Over the held-out frames measured. L1 of pictures in [0, 1], PSNR in dB.
struct quality {
  int frames = 0;
  double mouth_l1 = 0, mouth_psnr = 0, face_l1 = 0, face_psnr = 0;
};

/// Renders held-out frames. The reference picture is a training frame's, as in training: its own would show the answer.
class held_out_frames {
public:
  /// Measures at most `most` frames, evenly spread over `frames.held_out`.
  held_out_frames(std::shared_ptr<const face_store> faces, std::shared_ptr<const audio::feature_rows> features, const split& frames, int look_ahead,
                  std::uint64_t seed, int most)
      : faces_(std::move(faces)), features_(std::move(features)), look_ahead_(look_ahead) {
    const auto all = std::int64_t(frames.held_out.size()), count = std::min<std::int64_t>(all, most);
    std::vector<cv::Mat> seen;
    if (count > 0)
      for (const auto i : frames.training) seen.push_back(visible_part(faces_->face(i)));
    for (std::int64_t k = 0; k < count; ++k) {
      const auto frame = frames.held_out[std::size_t(k * all / count)];
      const auto reference = random_below(frames.training.size(), seed, ~std::uint64_t{}, std::uint64_t(frame));
      samples_.push_back({frame, frames.training[reference], frames.training[nearest(visible_part(faces_->face(frame)), seen)]});
    }
  }

  bool empty() const { return samples_.empty(); }

  /// The net's drawing of sample k, 320 x 320 BGR, rounded.
  cv::Mat draw(session& net, std::size_t k) const {
    const auto& s = samples_.at(k);
    std::vector<float> image(2 * media::picture_size), window(std::size_t(features_->length()) * audio::window_rows), output(media::picture_size);
    media::write_net_image(faces_->face(s.reference), faces_->face(s.frame), image);
    audio::gather(*features_, audio::window_at(s.frame, features_->rows(), look_ahead_), window);
    net.write("image", image);
    net.write("audio", window);
    net.run();
    net.read("output", output);
    for (auto& v : output) v += 0.5f / 255;  // from_planes truncates
    cv::Mat picture(media::net_size, media::net_size, CV_8UC3);
    media::from_planes(output.data(), picture);
    return picture;
  }

  quality measure(session& net) const {
    return measure([&](std::size_t k) { return draw(net, k); });
  }

  /// The training frame that looks most alike where the mask leaves it visible (the pose), taken as the answer.
  quality trivial() const {
    return measure([&](std::size_t k) { return faces_->face(samples_[k].nearest); });
  }

  /// Reference, masked picture, target, result and four times the error side by side, one row for each of up to `rows` samples.
  cv::Mat preview(session& net, std::size_t rows = 4) const {
    rows = std::min(rows, samples_.size());
    cv::Mat sheet;
    for (std::size_t r = 0; r < rows; ++r) {
      const auto k = r * samples_.size() / rows;
      const auto target = faces_->face(samples_[k].frame), result = draw(net, k);
      cv::Mat difference, line;
      cv::absdiff(target, result, difference);
      const std::vector<cv::Mat> parts{faces_->face(samples_[k].reference), media::masked(target), target, result, difference * 4};
      cv::hconcat(parts, line);
      sheet.push_back(line);
    }
    return sheet;
  }

private:
  struct sample {
    std::int64_t frame, reference, nearest;  // frame numbers
  };

  static cv::Mat visible_part(const cv::Mat& face) {
    cv::Mat small;
    cv::resize(media::masked(face), small, {32, 32}, 0, 0, cv::INTER_AREA);
    return small;
  }

  static std::size_t nearest(const cv::Mat& picture, const std::vector<cv::Mat>& others) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < others.size(); ++i)
      if (const double d = cv::norm(picture, others[i], cv::NORM_L2SQR); d < least) least = d, best = i;
    return best;
  }

  template <class Picture>
  quality measure(const Picture& picture) const {
    pooled_error mouth, face;
    for (std::size_t k = 0; k < samples_.size(); ++k) {
      const auto target = faces_->face(samples_[k].frame), result = picture(k);
      mouth.add(target, result, mouth_region);
      face.add(target, result, media::mask_rectangle);
    }
    return {int(samples_.size()), mouth.l1(), mouth.psnr(), face.l1(), face.psnr()};
  }

  std::shared_ptr<const face_store> faces_;
  std::shared_ptr<const audio::feature_rows> features_;
  int look_ahead_;
  std::vector<sample> samples_;
};

}  // namespace viseme::train
