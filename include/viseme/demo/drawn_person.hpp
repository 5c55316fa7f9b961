// A drawn talking person: pictures of a shaded face whose mouth, pose and landmarks are known exactly. For tests and a demo without
// anyone's face.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include <viseme/demo/face_painting.hpp>
#include <viseme/demo/face_shape.hpp>
#include <viseme/demo/head_motion.hpp>
#include <viseme/demo/landmarks.hpp>

namespace viseme::demo {

/// What is true of one frame, in frame pixels.
struct frame_truth {
  mouth_state mouth;
  face_state state;
  double opening_pixels = 0;  ///< height of the inner mouth at its middle
  cv::Rect2d mouth_box;       ///< the inner mouth never leaves it; follows the pose, its size does not follow the mouth
  demo::landmarks points;
};

/// Draws frames of one person. The same seed, time, mouth and frame number give the same bytes; frames can be drawn in any order.
class drawn_person {
public:
  static constexpr int width = 480, height = 640;
  static constexpr point origin{240, 238};  ///< the eye line's middle at rest

  explicit drawn_person(std::uint64_t seed)
      : seed_(seed),
        shape_(face_shape::of(seed)),
        colours_(complexion::of(seed)),
        outline_(detail::outline_points(shape_)),
        face_(paint_face(shape_, colours_, seed)),
        backdrop_(paint_backdrop(shape_, colours_, seed, {width, height}, margin, origin)) {}

  /// The truth of the frame shown at `seconds`.
  frame_truth truth(double seconds, mouth_state mouth) const {
    frame_truth t{.mouth = mouth, .state = face_at(seed_, seconds), .opening_pixels = 0, .mouth_box = {}, .points = {}};
    const face_pose pose(shape_, t.state, mouth, origin);
    t.points = landmarks_of(shape_, pose, outline_);
    const double scale = t.state.pose.scale, up = 0.2 * shape_.greatest_opening + 5, down = 0.8 * shape_.greatest_opening + 6;
    t.opening_pixels = pose.mouth().height() * scale;
    const point middle = pose.facing_to_frame({0, shape_.mouth_y});
    t.mouth_box = {middle.x - 0.9 * shape_.mouth_half * scale, middle.y - up * scale, 1.8 * shape_.mouth_half * scale, (up + down) * scale};
    return t;
  }

  /// Draws a frame. `number` seeds the frame's noise.
  cv::Mat draw(const frame_truth& truth, std::uint64_t number) const {  // (640, 480) BGR 8 bit
    const face_pose pose(shape_, truth.state, truth.mouth, origin);
    cv::Mat picture = behind(truth.state.pose);
    put_skin(picture, pose);
    put_eyes(picture, pose);
    put_mouth(picture, pose);
    add_noise(picture, number);
    return picture;
  }

private:
  static constexpr int margin = 24;

  /// Wall and body; the shoulders follow half of the head's movement.
  cv::Mat behind(const head_pose& p) const {
    cv::Mat_<cv::Point2f> from(height, width);
    for (int y = 0; y < height; ++y) {
      const double follow = 0.55 * smoothstep(260, 460, y);
      for (int x = 0; x < width; ++x) from(y, x) = {float(x + margin - follow * p.x), float(y + margin - follow * p.y)};
    }
    cv::Mat out;
    cv::remap(backdrop_, out, from, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return out;
  }

  void put_skin(cv::Mat& picture, const face_pose& pose) const {
    const cv::Rect area = covering(picture, pose, {-150, -205, 300, 455});
    cv::Mat_<cv::Point2f> from(area.size());
    for (int y = 0; y < area.height; ++y) {
      for (int x = 0; x < area.width; ++x) {
        const point s = pose.surface(pose.facing(pose.head({double(area.x + x), double(area.y + y)})));
        from(y, x) = {float((s.x - painting::corner.x) * painting::scale - 0.5), float((s.y - painting::corner.y) * painting::scale - 0.5)};
      }
    }
    cv::Mat skin;
    cv::remap(face_.pixels, skin, from, {}, cv::INTER_LINEAR, cv::BORDER_CONSTANT, {});
    for (int y = 0; y < area.height; ++y) {
      auto* to = picture.ptr<cv::Vec3b>(area.y + y) + area.x;
      const auto* over = skin.ptr<cv::Vec4b>(y);
      for (int x = 0; x < area.width; ++x) {
        const int keep = 255 - over[x][3];
        for (int i = 0; i < 3; ++i) to[x][i] = cv::saturate_cast<uchar>(over[x][i] + (to[x][i] * keep + 127) / 255);
      }
    }
  }

  /// Pixels of the picture that cover a box given in facing units.
  static cv::Rect covering(const cv::Mat& picture, const face_pose& pose, cv::Rect2d box) {
    std::vector<cv::Point2f> corners;
    for (const double x : {box.x, box.br().x}) {
      for (const double y : {box.y, box.br().y}) {
        const point q = pose.facing_to_frame({x, y});
        corners.emplace_back(float(q.x), float(q.y));
      }
    }
    const cv::Rect r = cv::boundingRect(corners);
    return cv::Rect(r.x - 2, r.y - 2, r.width + 4, r.height + 4) & cv::Rect({}, picture.size());
  }

  /// Calls paint(facing point, pixel as colour) for the frame's pixels in a box given in facing units.
  template <class F>
  static void repaint(cv::Mat& picture, const face_pose& pose, cv::Rect2d box, F paint) {
    const cv::Rect area = covering(picture, pose, box);
    for (int y = area.y; y < area.br().y; ++y) {
      for (int x = area.x; x < area.br().x; ++x) {
        auto& pixel = picture.at<cv::Vec3b>(y, x);
        const colour before(pixel[0] / 255.0, pixel[1] / 255.0, pixel[2] / 255.0);
        const colour after = paint(pose.facing(pose.head({double(x), double(y)})), before);
        for (int i = 0; i < 3; ++i) pixel[i] = cv::saturate_cast<uchar>(255 * after[i]);
      }
    }
  }

  void put_eyes(cv::Mat& picture, const face_pose& pose) const {
    using detail::bump;
    using detail::edge;
    const lids lid(shape_, pose.state().blink);
    const point look = iris_offset(pose.state());
    for (const int side : {-1, 1}) {
      const point middle{side * shape_.eye_x, 0};
      repaint(picture, pose, {middle.x - 34, -22, 68, 40}, [&](point p, colour c) {
        const double x = (middle.x - p.x) * side, half = lid.half_width();
        const bool within = std::abs(x) < half;
        const double upper = lid.upper(x), lower = lid.lower(x);
        const double open = within ? edge(upper - p.y, 0.6) * edge(p.y - lower, 0.6) : 0;

        colour white{0.80, 0.82, 0.84};
        const double t = x / half;
        white *= 1 - 0.42 * t * t - 0.42 * std::exp(-std::max(0.0, p.y - upper) / 2.6);
        white = blend(white, {0.50, 0.52, 0.72}, bump({x, p.y}, half - 1, 1, 3.5, 4, 0.8));
        const double dx = p.x - middle.x - look.x, dy = p.y - look.y, radius = std::hypot(dx, dy);
        const double spoke = value_noise(seed_ + 110, 9 * std::atan2(dy, std::abs(dx)), radius / 6);
        colour iris = colours_.iris * (0.62 + 0.40 * smoothstep(-4, 8, dy) + 0.22 * spoke) *
                      (1 - 0.60 * smoothstep(iris_radius - 2.6, iris_radius, radius));
        iris *= 1 - 0.55 * std::exp(-std::max(0.0, p.y - upper) / 2.8);
        iris = blend(iris, {0.03, 0.03, 0.03}, edge(radius - 4.3, 0.9));
        colour ball = blend(white, iris, edge(radius - iris_radius, 0.9));
        const double gleam = edge(std::hypot(dx - (colours_.light_x < 0 ? -3.2 : 3.2), dy + 3.4) - 1.9, 0.9);
        ball = blend(ball, {0.97, 0.97, 0.97}, 0.92 * gleam);
        c = blend(c, ball, open);

        const double reach = std::clamp((half + 3 - std::abs(x)) / 9, 0.0, 1.0);
        const double lash = edge(std::abs(p.y - upper + 0.5) - 1.25, 0.9) * reach,
                     rim = edge(std::abs(p.y - lower - 0.3) - 0.5, 1.1) * reach;
        const double crease = edge(std::abs(p.y - lid.upper_open(x * 0.93) + 4.6 - 1.5 * lid.blink()) - 0.6, 1.6) * reach;
        c = blend(c, c * 0.62, 0.6 * crease);
        c = blend(c, c * 0.55, 0.5 * rim);
        return blend(c, {0.07, 0.07, 0.09}, 0.88 * lash);
      });
    }
  }

  void put_mouth(cv::Mat& picture, const face_pose& pose) const {
    using detail::edge;
    const lips& mouth = pose.mouth();
    const double half = mouth.half_width(), opened = mouth.height();
    const double light = colours_.light_x < 0 ? -1 : 1;
    repaint(picture, pose, {-half - 4, shape_.mouth_y - 28, 2 * half + 8, 56 + opened}, [&](point p, colour c) {
      if (std::abs(p.x) >= half) return c;
      const double top = mouth.outer_top(p.x), in_top = mouth.inner_top(p.x), in_bottom = mouth.inner_bottom(p.x),
                   bottom = mouth.outer_bottom(p.x);
      const double gap = in_bottom - in_top, along = p.x / half;

      const double wrinkle = 0.05 * value_noise(seed_ + 120, p.x / 1.9, p.y / 14);
      colour lip = colours_.lip;
      if (p.y < 0.5 * (in_top + in_bottom)) {
        const double t = std::clamp((p.y - top) / std::max(in_top - top, 0.5), 0.0, 1.0);
        lip *= 0.90 - 0.26 * t * t + 0.06 * std::exp(-t * 8);
      } else {
        const double t = std::clamp((p.y - in_bottom) / std::max(bottom - in_bottom, 0.5), 0.0, 1.0);
        const double shine = std::exp(-0.5 * (std::pow((t - 0.36) / 0.17, 2) + std::pow((p.x - 9 * light) / 17, 2)));
        lip *= 0.88 + 0.16 * std::sin(3.1 * t) - 0.16 * t * t;
        lip += colour(0.16, 0.16, 0.15) * shine;
      }
      lip *= (1 + wrinkle) * (1 - 0.25 * std::pow(std::abs(along), 4)) * (1 + 0.06 * along * light);
      c = blend(c, lip, edge(top - p.y, 1.3) * edge(p.y - bottom, 1.5) * std::clamp((half - std::abs(p.x)) / 4, 0.0, 1.0));

      const double line = std::exp(-0.5 * std::pow((p.y - 0.5 * (in_top + in_bottom)) / 0.9, 2)) * (1 - smoothstep(0.5, 3, gap)) *
                          std::clamp((half - std::abs(p.x)) / 5, 0.0, 1.0);
      c = blend(c, c * 0.42, line);
      if (gap < 0.05) return c;

      const double depth = std::clamp(p.y - in_top, 0.0, 40.0);
      colour inside = colour(0.035, 0.03, 0.085) + colour(0.05, 0.045, 0.13) * smoothstep(0.60 * gap, gap, depth);
      const double tongue = in_bottom - 0.24 * gap * (1 - along * along) + 0.5;
      inside = blend(inside, colour(0.15, 0.14, 0.30) * (1 - 0.5 * std::abs(along)), edge(tongue - p.y, 2.2) * smoothstep(8, 18, gap));
      const double tooth = 9.5, cell = p.x / tooth - std::floor(p.x / tooth);
      const double joint = 1 - 0.16 * std::exp(-std::pow(std::min(cell, 1 - cell) * tooth / 0.7, 2));
      const double row = std::min(0.27 * gap, 8.0) * (1 - 0.05 * std::cos(p.x * 6.283 / tooth));
      const double teeth = edge(p.y - in_top - row, 0.8) * smoothstep(1.5, 5, gap);
      const double fade = std::max(0.0, 1 - std::pow(1.25 * along, 4));
      inside = blend(inside, colour(0.70, 0.76, 0.78) * joint * (0.55 + 0.45 * smoothstep(0, 4, depth)) * (0.35 + 0.65 * fade), teeth);

      const double lower_teeth = edge(in_bottom - std::min(0.09 * gap, 2.8) - p.y, 0.9) * smoothstep(10, 20, gap) * fade;
      inside = blend(inside, colour(0.38, 0.43, 0.46) * joint, lower_teeth);

      const double cavity = edge(in_top - p.y, 0.7) * edge(p.y - in_bottom, 0.7);
      return blend(c, inside, cavity * smoothstep(0, 1.4, gap));
    });
  }

  /// Sensor noise (fine, in every channel) and grain (coarser, grey), different in every frame.
  void add_noise(cv::Mat& picture, std::uint64_t number) const {
    cv::RNG random(mix(seed_ ^ mix(number)) | 1);
    cv::Mat fine(picture.size(), CV_16SC3), coarse(picture.rows / 2, picture.cols / 2, CV_16SC1), grain;
    random.fill(fine, cv::RNG::NORMAL, 0, 1.3 * 16);
    random.fill(coarse, cv::RNG::NORMAL, 0, 1.2 * 16);
    cv::resize(coarse, grain, picture.size(), 0, 0, cv::INTER_LINEAR);
    for (int y = 0; y < picture.rows; ++y) {
      auto* to = picture.ptr<cv::Vec3b>(y);
      const auto* n = fine.ptr<cv::Vec3s>(y);
      const auto* g = grain.ptr<short>(y);
      for (int x = 0; x < picture.cols; ++x)
        for (int i = 0; i < 3; ++i) to[x][i] = cv::saturate_cast<uchar>((to[x][i] * 16 + n[x][i] + g[x] + 8) >> 4);
    }
  }

  std::uint64_t seed_;
  face_shape shape_;
  complexion colours_;
  std::array<point, 33> outline_;
  painting face_;
  cv::Mat backdrop_;
};

}  // namespace viseme::demo
