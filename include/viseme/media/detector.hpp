// Faces in a picture: SCRFD through OpenCV's dnn.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/media/face_crop.hpp>

namespace viseme::media {

struct detected_face {
  cv::Rect2f box;  ///< pixels of the picture; may reach outside it
  float score = 0;
};

/// Overlap of two boxes: shared area over joint area, 0 .. 1.
inline float overlap(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float shared = (a & b).area(), joint = a.area() + b.area() - shared;
  return joint > 0 ? shared / joint : 0.f;
}

/// Which of several faces: the largest, the one nearest the picture's centre, or the one nearest a point.
struct face_choice {
  enum class rule { largest, center, at } by = rule::largest;
  point where;

  /// "largest", "center" or "X,Y" in pixels. Throws `error`.
  static face_choice parse(std::string_view text) {
    if (text == "largest") return {};
    if (text == "center") return {rule::center, {}};
    face_choice choice{rule::at, {}};
    const char* const end = text.data() + text.size();
    const auto x = std::from_chars(text.data(), end, choice.where.x);
    const bool comma = x.ec == std::errc() && x.ptr != end && *x.ptr == ',';
    const auto y = comma ? std::from_chars(x.ptr + 1, end, choice.where.y) : x;
    require(comma && y.ec == std::errc() && y.ptr == end && std::isfinite(choice.where.x) && std::isfinite(choice.where.y),
            "face '" + std::string(text) + "'", "not a choice of face", "write largest, center or X,Y in pixels");
    return choice;
  }

  /// Index in `faces`, which must not be empty.
  std::size_t pick(std::span<const detected_face> faces, cv::Size picture) const {
    const point target = by == rule::at ? where : point{float(picture.width) / 2, float(picture.height) / 2};
    const auto cost = [&](const detected_face& f) {
      if (by == rule::largest) return -f.box.area();
      return std::hypot(f.box.x + f.box.width / 2 - target.x, f.box.y + f.box.height / 2 - target.y);
    };
    return std::size_t(std::ranges::min_element(faces, {}, cost) - faces.begin());
  }
};

/// Finds faces in one picture. Not for two threads at once.
class face_finder {
public:
  virtual ~face_finder() = default;
  /// 8-bit BGR -> faces, the best score first.
  virtual std::vector<detected_face> find(const cv::Mat& bgr) = 0;
};

/// An ONNX file as a dnn of OpenCV. Throws `error` for no such file, one over 1 GiB, or one that OpenCV cannot read.
inline cv::dnn::Net open_onnx(const std::filesystem::path& path, const std::string& what) {
  io::input_file file(path);
  const auto fail = [&](const std::string& why) { throw error(what + " '" + file.name() + "'", why, "give the ONNX file of a " + what); };
  if (file.size() < 16 || file.size() > std::uint64_t(1) << 30) fail("no ONNX file");
  cv::dnn::Net net;
  try {
    const auto bytes = file.read(0, file.size());
    net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  } catch (const cv::Exception&) {
    fail("OpenCV cannot read it as an ONNX net");
  }
  if (net.empty()) fail("OpenCV cannot read it as an ONNX net");
  return net;
}

/// SCRFD with nine outputs (scores, boxes, key points at strides 8, 16, 32, two anchors a cell) on 640 x 640 pixels.
class scrfd_finder final : public face_finder {
public:
  static constexpr int side = 640;

  explicit scrfd_finder(const std::filesystem::path& onnx, float score_threshold = 0.1f, float nms_threshold = 0.5f)
      : name_(onnx.string()),
        net_(open_onnx(onnx, "face detector")),
        names_(net_.getUnconnectedOutLayersNames()),
        score_threshold_(score_threshold),
        nms_threshold_(nms_threshold) {
    find(cv::Mat(side, side, CV_8UC3, cv::Scalar::all(0)));
  }

  /// Throws `error` where the net's outputs are not a SCRFD's.
  std::vector<detected_face> find(const cv::Mat& bgr) override {
    const auto box = fit(bgr.size());
    cv::Mat small, square(side, side, CV_8UC3, cv::Scalar::all(0));
    cv::resize(bgr, small, box.size(), 0, 0, cv::INTER_AREA);
    small.copyTo(square(box));
    std::vector<cv::Mat> outputs;
    try {
      net_.setInput(cv::dnn::blobFromImage(square, 1.0 / 128, {}, cv::Scalar::all(127.5), true));
      net_.forward(outputs, names_);
    } catch (const cv::Exception&) {
      fail("it does not run on 640 x 640 pixels");
    }
    const double scale_x = double(bgr.cols) / box.width, scale_y = double(bgr.rows) / box.height;
    std::vector<cv::Rect2d> boxes;
    std::vector<float> scores;
    for (const int stride : {8, 16, 32}) {
      const auto score = output(outputs, stride, 1), distance = output(outputs, stride, 4);
      const int cells = side / stride;
      for (int i = 0; i < 2 * cells * cells; ++i) {
        if (!(score[std::size_t(i)] >= score_threshold_)) continue;
        const double x = double(i / 2 % cells * stride), y = double(i / 2 / cells * stride);
        const auto d = distance.subspan(std::size_t(4 * i), 4);
        const bool sane = std::ranges::all_of(d, [&](float v) { return std::abs(v) * float(stride) <= 2.f * side; });
        if (!sane || !(d[0] + d[2] > 0) || !(d[1] + d[3] > 0)) continue;
        boxes.push_back({(x - d[0] * stride - box.x) * scale_x, (y - d[1] * stride - box.y) * scale_y, (d[0] + d[2]) * stride * scale_x,
                         (d[1] + d[3]) * stride * scale_y});
        scores.push_back(score[std::size_t(i)]);
      }
    }
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, scores, score_threshold_, nms_threshold_, kept);
    std::vector<detected_face> faces;
    for (const int i : kept) faces.push_back({cv::Rect2f(boxes[std::size_t(i)]), scores[std::size_t(i)]});
    return faces;
  }

private:
  [[noreturn]] void fail(const std::string& why) const {
    throw error("face detector '" + name_ + "'", why, "give the ONNX file of SCRFD with key points");
  }

  /// Where the picture lies in the square: its longest side 640 long, the other centred; rounded as the reference rounds.
  static cv::Rect fit(cv::Size picture) {
    int width = side, height = side;
    if (picture.height > picture.width)
      width = std::max(1, int(std::int64_t(side) * picture.width / picture.height));
    else if (picture.width > picture.height)
      height = std::min(side, int(std::int64_t(side) * picture.height / picture.width) + 1);
    return {(side - width) / 2, (side - height) / 2, width, height};
  }

  /// The output with 2 (640 / stride)^2 rows of `columns` numbers.
  std::span<const float> output(const std::vector<cv::Mat>& outputs, int stride, int columns) const {
    const auto rows = std::size_t(2 * (side / stride) * (side / stride));
    for (const auto& o : outputs)
      if (o.type() == CV_32F && o.dims >= 2 && o.isContinuous() && o.size[o.dims - 1] == columns &&
          o.total() == rows * std::size_t(columns))
        return {o.ptr<float>(), o.total()};
    fail("it has no output of " + std::to_string(rows) + " x " + std::to_string(columns));
  }

  std::string name_;
  cv::dnn::Net net_;
  std::vector<cv::String> names_;
  float score_threshold_, nms_threshold_;
};

}  // namespace viseme::media
