// Small videos made by our own encoder, whose every picture can be told from its grey level.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>

#include <viseme/media/encoder.hpp>

namespace viseme::tests {

struct temporary_folder {
  std::filesystem::path path;
  explicit temporary_folder(const std::string& name) : path(std::filesystem::temp_directory_path() / ("viseme-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  bool empty() const { return std::filesystem::is_empty(path); }
};

/// A smooth coloured picture; its mean rises by 2 with k.
inline cv::Mat picture(int k, int width, int height) {
  cv::Mat m(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      m.at<cv::Vec3b>(y, x) = cv::Vec3b(cv::saturate_cast<uchar>(20 + 2 * k + 60 * x / width), cv::saturate_cast<uchar>(20 + 2 * k + 60 * y / height),
                                        cv::saturate_cast<uchar>(60 + 2 * k + 40 * (x + y) / (width + height)));
  return m;
}

inline media::encoder_options small_clip(int width = 64, int height = 48, rational fps = {25, 1}) {
  media::encoder_options o;
  o.preset = "ultrafast";
  o.crf = 10;
  o.fps = fps;
  o.width = width;
  o.height = height;
  return o;
}

inline std::filesystem::path make_clip(const std::filesystem::path& path, int frames, const media::encoder_options& o) {
  media::encoder e(path.string(), o);
  for (int k = 0; k < frames; ++k) e.write(picture(k, o.width, o.height));
  e.finish();
  return path;
}

inline double psnr(const cv::Mat& a, const cv::Mat& b) { return cv::PSNR(a, b); }

}  // namespace viseme::tests
