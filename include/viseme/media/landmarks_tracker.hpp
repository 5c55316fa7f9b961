// One person's landmarks through a video: found by the detector, followed by the landmark net, checked by the detector again.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <viseme/media/detector.hpp>
#include <viseme/media/landmarks.hpp>

namespace viseme::media {

/// Landmarks of one frame in pixels of the frame; empty where no face was found.
using frame_landmarks = std::vector<point>;

/// The square to find landmarks in when they are roughly known. Detectors' boxes jump by a tenth from frame to frame; this does not.
/// On three recorded people SCRFD's squares are 1.36 times the landmarks' longer side and 0.17 of it higher, on average.
inline cv::Rect square_around(std::span<const point> points) {
  const auto b = bounds(points);
  const float longest = std::max(b.width, b.height);
  const int side = std::max(1, int(1.36f * longest));
  return {int(std::floor(b.x + b.width / 2)) - side / 2, int(std::floor(b.y + b.height / 2 - 0.17f * longest)) - side / 2, side, side};
}

/// Follows one face. Without a landmark net every frame's landmarks are a fixed layout in the detector's box.
class face_tracker {
public:
  static constexpr float sure_score = 0.4f;  ///< a face may be taken up; a weaker one only where the face followed is expected
  static constexpr int patience = 5;         ///< frames without the face before another may be taken up

  /// Both must outlive the tracker; `net` may be null.
  face_tracker(face_finder& finder, landmark_net* net, face_choice choice) : finder_(finder), net_(net), choice_(choice) {}

  int points() const { return net_ ? net_->points() : 98; }

  /// Goes on after frames that were seen before: their landmarks, and the last picture.
  void resume(std::span<const frame_landmarks> track, const cv::Mat& last_frame) {
    last_.clear();
    for (missing_ = 0; missing_ <= patience && std::size_t(missing_) < track.size() && last_.empty(); ++missing_)
      last_ = track[track.size() - 1 - std::size_t(missing_)];
    if (!last_.empty()) --missing_;
    last_frame.copyTo(last_frame_);
  }

  /// The next few frames of the video, in order. The detector runs on the last one (and on the first one where nothing is followed), on
  /// every one where that or the landmark net's result says that the face was lost on the way.
  std::vector<frame_landmarks> next(std::span<const cv::Mat> frames) {
    std::vector<frame_landmarks> result;
    const auto before = last_;
    if (frames.empty()) return result;
    if (!net_ || !follow(frames, result)) {
      last_ = before;
      result.clear();
      for (const auto& frame : frames) result.push_back(detect(frame));
    }
    frames.back().copyTo(last_frame_);
    return result;
  }

private:
  bool follow(std::span<const cv::Mat> frames, std::vector<frame_landmarks>& result) {
    for (const auto& frame : frames) {
      if (last_.empty() && result.empty()) {
        result.push_back(detect(frame));
        if (last_.empty()) return false;
      } else {
        const auto square = square_around(last_);
        auto points = net_->find(frame, square);
        const cv::Mat& earlier = result.empty() ? last_frame_ : (&frame)[-1];
        if (!plausible(points, square) || !steady(earlier, frame, square)) return false;
        result.push_back(points);
        last_ = std::move(points);
      }
    }
    const auto expected = bounds(last_);
    return std::ranges::any_of(finder_.find(frames.back()), [&](const detected_face& f) { return overlap(f.box, expected) >= 0.3f; });
  }

  /// Landmarks fill a square cut around the last ones about as those did, and do not leap.
  bool plausible(const frame_landmarks& points, const cv::Rect& square) const {
    const auto b = bounds(points);
    const float share = std::max(b.width, b.height) / float(square.width);
    return share > 0.55f && share < 1 && std::min(b.width, b.height) > 0.4f * std::max(b.width, b.height) &&
           overlap(b, bounds(last_)) > 0.5f;
  }

  /// The square's content did not change altogether: no cut, no flash, nothing in front of the face.
  static bool steady(const cv::Mat& earlier, const cv::Mat& frame, const cv::Rect& square) {
    if (earlier.empty()) return true;
    constexpr int cells = 16;
    return cv::norm(cut_square(earlier, square, cells), cut_square(frame, square, cells), cv::NORM_L1) < 3 * cells * cells * 40;
  }

  frame_landmarks detect(const cv::Mat& frame) {
    auto faces = finder_.find(frame);
    const detected_face* chosen = nullptr;
    if (!last_.empty()) {
      const auto expected = bounds(last_);
      const auto nearest = std::ranges::max_element(faces, {}, [&](const detected_face& f) { return overlap(f.box, expected); });
      if (nearest != faces.end() && overlap(nearest->box, expected) > 0.1f) chosen = &*nearest;
      if (!chosen && ++missing_ > patience) last_.clear();
    }
    if (last_.empty()) {
      std::erase_if(faces, [](const detected_face& f) { return f.score < sure_score; });
      if (!faces.empty()) chosen = &faces[choice_.pick(faces, frame.size())];
    }
    if (!chosen) return {};
    auto points = landmarks_in(frame, chosen->box);
    if (!points.empty()) {
      last_ = points;
      missing_ = 0;
    }
    return points;
  }

  frame_landmarks landmarks_in(const cv::Mat& frame, const cv::Rect2f& box) const {
    if (!net_) return layout_landmarks(box);
    const auto rough = net_->find(frame, landmark_square(box));
    const auto b = bounds(rough);
    if (overlap(b, box) < 0.25f) return {};
    return net_->find(frame, square_around(rough));
  }

  face_finder& finder_;
  landmark_net* net_;
  face_choice choice_;
  frame_landmarks last_;
  cv::Mat last_frame_;
  int missing_ = 0;
};

/// Fills gaps of at most `longest` frames linearly where the face is in about the same place at both ends. Returns the frames filled.
inline std::vector<std::int64_t> fill_gaps(std::vector<frame_landmarks>& track, std::int64_t longest = 5) {
  std::vector<std::int64_t> filled;
  const auto count = std::int64_t(track.size());
  for (std::int64_t first = 0; first < count; ++first) {
    if (!track[std::size_t(first)].empty()) continue;
    auto end = first;
    while (end < count && track[std::size_t(end)].empty()) ++end;
    if (first > 0 && end < count && end - first <= longest) {
      const auto &a = track[std::size_t(first - 1)], &b = track[std::size_t(end)];
      for (auto i = first; overlap(bounds(a), bounds(b)) >= 0.3f && i < end; ++i) {
        const float t = float(i - first + 1) / float(end - first + 1);
        auto& points = track[std::size_t(i)];
        for (std::size_t k = 0; k < a.size(); ++k) points.push_back({std::lerp(a[k].x, b[k].x, t), std::lerp(a[k].y, b[k].y, t)});
        filled.push_back(i);
      }
    }
    first = end;
  }
  return filled;
}

/// Landmarks averaged over neighbouring frames with a Gaussian of `sigma` frames, never across a frame without a face.
inline std::vector<frame_landmarks> smoothed(const std::vector<frame_landmarks>& track, double sigma) {
  auto result = track;
  const auto count = std::int64_t(track.size()), reach = std::int64_t(std::ceil(3 * sigma));
  for (std::int64_t i = 0; i < count; ++i) {
    auto& points = result[std::size_t(i)];
    if (points.empty()) continue;
    double total = 1;
    std::vector<std::pair<double, double>> sum;
    for (const auto& p : points) sum.emplace_back(p.x, p.y);
    for (const int step : {-1, 1})
      for (std::int64_t d = 1; d <= reach; ++d) {
        const auto j = i + step * d;
        if (j < 0 || j >= count || track[std::size_t(j)].empty()) break;
        const double weight = std::exp(-0.5 * double(d * d) / (sigma * sigma));
        total += weight;
        for (std::size_t k = 0; k < sum.size(); ++k) {
          sum[k].first += weight * track[std::size_t(j)][k].x;
          sum[k].second += weight * track[std::size_t(j)][k].y;
        }
      }
    for (std::size_t k = 0; k < sum.size(); ++k) points[k] = {float(sum[k].first / total), float(sum[k].second / total)};
  }
  return result;
}

}  // namespace viseme::media
