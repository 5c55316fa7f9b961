// How far a pictured mouth is open, from the picture alone: the height of what is dark in a known box.
#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <vector>

#include <viseme/core/error.hpp>

namespace viseme::demo {

/// Height in pixels of the dark opening in `box`, mean over the middle two fifths of its columns. A pixel counts fully below 0.30 of the
/// box's bright end (its 80th percentile: skin), not at all above 0.46, and in proportion between, so that the result is finer than a
/// pixel. Teeth do not count. `picture` is 8-bit BGR. Throws `error` when the box lies outside of it.
inline double measure_mouth_opening(const cv::Mat& picture, cv::Rect2d box) {
  const auto sane = [](double v) { return std::abs(v) < 1e6; };
  require(sane(box.x) && sane(box.y) && sane(box.width) && sane(box.height), "mouth opening", "the mouth's box is no box",
          "give it in pixels");
  const cv::Rect area = cv::Rect(cv::Point(cvRound(box.x), cvRound(box.y)), cv::Point(cvRound(box.br().x), cvRound(box.br().y))) &
                        cv::Rect({}, picture.size());
  require(picture.type() == CV_8UC3 && area.width >= 8 && area.height >= 8, "mouth opening", "the mouth's box is not in the picture",
          "give a colour picture and a box within it");
  cv::Mat_<uchar> grey;
  cv::cvtColor(picture(area), grey, cv::COLOR_BGR2GRAY);
  std::vector<uchar> sorted(grey.begin(), grey.end());
  const auto bright_at = sorted.begin() + std::ptrdiff_t(sorted.size() * 4 / 5);
  std::nth_element(sorted.begin(), bright_at, sorted.end());
  const double bright = std::max<double>(*bright_at, 1), full = 0.30 * bright, none = 0.46 * bright;

  const double middle = box.x + 0.5 * box.width - area.x, reach = 0.2 * box.width;
  double sum = 0;
  int columns = 0;
  for (int x = std::max(0, int(std::ceil(middle - reach))); x < std::min(area.width, int(middle + reach)); ++x, ++columns)
    for (int y = 0; y < area.height; ++y) sum += std::clamp((none - grey(y, x)) / (none - full), 0.0, 1.0);
  return columns ? sum / columns : 0;
}

/// Pearson's correlation; 0 when either side does not vary. Throws `error` unless the lengths agree.
inline double pearson(std::span<const double> a, std::span<const double> b) {
  require(a.size() == b.size() && !a.empty(), "correlation", "the series differ in length or are empty", "compare frame by frame");
  double ma = 0, mb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) ma += a[i] / double(a.size()), mb += b[i] / double(b.size());
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double da = a[i] - ma, db = b[i] - mb;
    aa += da * da, bb += db * db, ab += da * db;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace viseme::demo
