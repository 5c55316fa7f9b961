// Frontal faces by the Haar cascade that comes with OpenCV: needs no model, finds less.
#pragma once

#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/media/detector.hpp>

namespace viseme::media {

/// The installed cascade file, or an empty path.
inline std::filesystem::path installed_cascade() {
  constexpr const char* file = "haarcascade_frontalface_default.xml";
  if (const auto found = cv::samples::findFile(std::string("haarcascades/") + file, false, true); !found.empty()) return found;
  std::error_code ignored;
  for (const char* root : {"/usr/share", "/usr/local/share", "/opt/homebrew/share"})
    for (const char* version : {"opencv4", "opencv", "opencv5"})
      if (const auto path = std::filesystem::path(root) / version / "haarcascades" / file; std::filesystem::exists(path, ignored))
        return path;
  return {};
}

class haar_finder final : public face_finder {
public:
  /// Throws `error` where the file is missing or no cascade.
  explicit haar_finder(const std::filesystem::path& cascade = installed_cascade()) {
    bool good = !cascade.empty();
    try {
      good = good && cascade_.load(cascade.string());
    } catch (const cv::Exception&) {
      good = false;
    }
    require(good, "face detector", "no Haar cascade of OpenCV is installed",
            "give a detector with --detector, or install the package opencv-data");
  }

  std::vector<detected_face> find(const cv::Mat& bgr) override {
    constexpr double longest = 480;
    const double scale = std::min(1.0, longest / std::max(bgr.cols, bgr.rows));
    cv::Mat small, grey;
    cv::resize(bgr, small, {}, scale, scale, cv::INTER_AREA);
    cv::cvtColor(small, grey, cv::COLOR_BGR2GRAY);
    cv::equalizeHist(grey, grey);
    std::vector<cv::Rect> boxes;
    std::vector<int> levels;
    std::vector<double> weights;
    cascade_.detectMultiScale(grey, boxes, levels, weights, 1.1, 5, 0, {24, 24}, {}, true);
    std::vector<detected_face> faces;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (weights[i] > 1) faces.push_back({from_haar(boxes[i], scale), std::min(1.f, float(weights[i]) / 5)});
    std::ranges::sort(faces, std::greater(), &detected_face::score);
    return faces;
  }

private:
  /// The cascade's square spans brows to mouth and cheeks with some room; other detectors' boxes are narrower and reach the chin.
  static cv::Rect2f from_haar(const cv::Rect& square, double scale) {
    const auto side = float(square.width / scale);
    return {float(square.x / scale) + 0.12f * side, float(square.y / scale) + 0.08f * side, 0.76f * side, 1.0f * side};
  }

  cv::CascadeClassifier cascade_;
};

}  // namespace viseme::media
