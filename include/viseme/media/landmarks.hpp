// Landmarks of one face: the square a landmark net sees, the nets, and a fixed layout for where there is none.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numbers>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/media/detector.hpp>
#include <viseme/media/face_crop.hpp>

namespace viseme::media {

/// The square a landmark net sees for a detector's box: side int(1.05 max(w, h)) on its centre, in whole pixels.
inline cv::Rect landmark_square(const cv::Rect2f& box) {
  const int x = int(box.x), y = int(box.y), w = int(box.x + box.width) - x, h = int(box.y + box.height) - y;
  const int side = std::max(1, int(1.05 * std::max(w, h)));
  return {x + w / 2 - side / 2, y + h / 2 - side / 2, side, side};
}

/// The square's content, black outside the frame, `size` pixels a side (bilinear). Nothing but black where they do not meet.
inline cv::Mat cut_square(const cv::Mat& frame, const cv::Rect& square, int size) {
  const auto inside = square & cv::Rect({}, frame.size());
  cv::Mat picture(size, size, CV_8UC3, cv::Scalar::all(0));
  if (inside.empty() || square.width > 4 * std::max(frame.cols, frame.rows)) return picture;
  if (inside == square) {
    cv::resize(frame(square), picture, picture.size(), 0, 0, cv::INTER_LINEAR);
    return picture;
  }
  cv::Mat whole(square.size(), CV_8UC3, cv::Scalar::all(0));
  frame(inside).copyTo(whole(inside - square.tl()));
  cv::resize(whole, picture, picture.size(), 0, 0, cv::INTER_LINEAR);
  return picture;
}

/// Box around points.
inline cv::Rect2f bounds(std::span<const point> points) {
  const auto [left, right] = std::ranges::minmax(points, {}, &point::x);
  const auto [top, bottom] = std::ranges::minmax(points, {}, &point::y);
  return {left.x, top.y, right.x - left.x, bottom.y - top.y};
}

/// A landmark net. Not for two threads at once.
class landmark_net {
public:
  virtual ~landmark_net() = default;
  virtual int points() const = 0;  ///< 98 or 110
  /// Points in pixels of the frame for the face in `square`. Throws `error` where the net's output is no finite number.
  std::vector<point> find(const cv::Mat& frame, const cv::Rect& square) {
    const auto fractions = run(cut_square(frame, square, input_size()));
    std::vector<point> result(fractions.size() / 2);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const float x = fractions[2 * i], y = fractions[2 * i + 1];
      require(std::abs(x) < 100 && std::abs(y) < 100, "landmark net", "its output is no place in the picture",
              "give a landmark net for faces");
      result[i] = {float(square.x + double(x) * square.width), float(square.y + double(y) * square.height)};
    }
    return result;
  }

protected:
  virtual int input_size() const = 0;
  /// BGR picture of the input's size -> 2 points() fractions of its sides, x before y.
  virtual std::vector<float> run(const cv::Mat& picture) = 0;
};

/// PFLD as ONNX: 98 points of 112 x 112 pixels, or 110 of 192 x 192; BGR / 255 in, fractions of the square out.
class onnx_landmarks final : public landmark_net {
public:
  /// `mean_face`: 220 numbers to add to the output of a 110-point net that leaves them out; empty otherwise.
  explicit onnx_landmarks(const std::filesystem::path& onnx, std::vector<float> mean_face = {})
      : name_(onnx.string()), net_(open_onnx(onnx, "landmark net")), mean_face_(std::move(mean_face)) {
    const auto count = forward(cv::Mat(112, 112, CV_8UC3, cv::Scalar::all(0))).size();
    require(count == 196 || count == 220, "landmark net '" + name_ + "'", std::to_string(count) + " outputs, not 196 or 220",
            "give a PFLD of 98 or 110 points");
    points_ = int(count / 2);
    require(mean_face_.empty() || mean_face_.size() == count, "landmark net '" + name_ + "'", "the mean face has another number of points",
            "leave out --mean-face");
  }
  int points() const override { return points_; }

private:
  int input_size() const override { return points_ == 98 ? 112 : 192; }

  std::vector<float> forward(const cv::Mat& picture) {
    try {
      net_.setInput(cv::dnn::blobFromImage(picture, 1.0 / 255));
      const cv::Mat out = net_.forward();
      if (out.type() == CV_32F && out.isContinuous() && out.total() < 10000) return {out.ptr<float>(), out.ptr<float>() + out.total()};
    } catch (const cv::Exception&) {
    }
    throw error("landmark net '" + name_ + "'", "it does not run on 112 x 112 or 192 x 192 pixels", "give a PFLD of 98 or 110 points");
  }

  std::vector<float> run(const cv::Mat& picture) override {
    auto out = forward(picture);
    require(out.size() == std::size_t(2 * points_), "landmark net '" + name_ + "'", "its number of outputs changes",
            "give a PFLD of 98 or 110 points");
    for (std::size_t i = 0; i < mean_face_.size(); ++i) out[i] += mean_face_[i];
    return out;
  }

  std::string name_;
  cv::dnn::Net net_;
  std::vector<float> mean_face_;
  int points_ = 0;
};

/// 98 points of a frontal face at rest laid into a detector's box: what stands in for a landmark net.
inline std::vector<point> layout_landmarks(const cv::Rect2f& box) {
  std::vector<point> points;
  const auto add = [&](double x, double y) { points.push_back({float(box.x + x * box.width), float(box.y + y * box.height)}); };
  const auto arc = [&](int count, double x, double y, double rx, double ry, double from, double to) {  // turns, clockwise from the left
    for (int i = 0; i < count; ++i) {
      const double angle = std::numbers::pi * (1 + 2 * (from + (to - from) * i / std::max(1, count - 1)));
      add(x + rx * std::cos(angle), y + ry * std::sin(angle));
    }
  };
  arc(33, 0.5, 0.38, 0.5, 0.62, 0, -0.5);  // outline
  for (const double x : {0.24, 0.76}) {    // brows
    arc(5, x, 0.29, 0.14, 0.05, 0, 0.5);
    for (int i = 1; i <= 4; ++i) add(x + 0.14 - 0.056 * i, 0.3);
  }
  for (int i = 0; i < 4; ++i) add(0.5, 0.36 + 0.08 * i);                        // nose ridge
  arc(5, 0.5, 0.65, 0.12, 0.04, 0, -0.5);                                       // nose base
  for (const double x : {0.27, 0.73}) arc(8, x, 0.38, 0.09, 0.03, 0, 7.0 / 8);  // eyes
  arc(12, 0.5, 0.8, 0.2, 0.08, 0, 11.0 / 12);                                   // lips
  arc(8, 0.5, 0.8, 0.16, 0.03, 0, 7.0 / 8);
  add(0.27, 0.38);  // pupils
  add(0.73, 0.38);
  return points;
}

}  // namespace viseme::media
