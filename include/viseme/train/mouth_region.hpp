// Where results are measured: the mouth, and the whole part that the net draws.
#pragma once

#include <cmath>
#include <opencv2/core.hpp>

#include <viseme/media/face_crop.hpp>

namespace viseme::train {

/// Lips and chin in the net's picture, 320 x 320. The crop reaches from the nose's ridge down by the face's width between the ears: of a drawn
/// and of a real person, both turning their heads, lips lie in rows 73 .. 192 and the chin's point in rows 185 .. 280, with columns 80 .. 250
/// holding nine of ten. The rest of the mask is cheeks, neck and background, which hardly move.
inline const cv::Rect mouth_region(80, 70, 180, 180);

/// Sum of squared errors over a part of pictures of one person, pooled over frames before the logarithm is taken.
class pooled_error {
public:
  void add(const cv::Mat& a, const cv::Mat& b, const cv::Rect& part) {
    const double norm = cv::norm(a(part), b(part), cv::NORM_L2);
    squares_ += norm * norm;
    absolute_ += cv::norm(a(part), b(part), cv::NORM_L1);
    values_ += double(part.area()) * 3;
  }
  /// Mean absolute difference of pictures in [0, 1].
  double l1() const { return values_ > 0 ? absolute_ / values_ / 255 : 0; }
  /// In dB against 255; 99 for equal pictures.
  double psnr() const {
    if (values_ == 0 || squares_ == 0) return 99;
    return std::min(99.0, 10 * std::log10(255.0 * 255.0 * values_ / squares_));
  }

private:
  double squares_ = 0, absolute_ = 0, values_ = 0;
};

}  // namespace viseme::train
