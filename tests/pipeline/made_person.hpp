// A small person's folder, drawn in milliseconds: a face whose mouth opens with the loudness of its sound.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "../io/files.hpp"

#include <viseme/audio/mel_windows.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/media/dataset.hpp>

namespace viseme::tests {

/// A tone that comes and goes twice a second.
inline std::vector<float> made_sound(std::size_t samples) {
  std::vector<float> sound(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const double t = double(i) / 16000, loud = 0.5 - 0.5 * std::cos(4 * std::numbers::pi * t);
    sound[i] = float(0.4 * loud * std::sin(2 * std::numbers::pi * 440 * t) * (1 + 0.3 * std::sin(2 * std::numbers::pi * 3 * t)));
  }
  return sound;
}

/// Frames of 200 x 160, face box (60, 50) .. (140, 130), moving a little; frame `without_face` has broken landmarks.
class made_person {
public:
  explicit made_person(int frames, int without_face = -1) {
    namespace fs = std::filesystem;
    const auto sound = made_sound(std::size_t(frames) * 640);
    fs::create_directories(folder / "full_body_img");
    fs::create_directories(folder / "landmarks");
    for (int i = 0; i < frames; ++i) {
      const int shift = i % 5;
      const double open = std::abs(std::sin(2 * std::numbers::pi * i * 0.04));
      cv::Mat picture(160, 200, CV_8UC3);
      for (int y = 0; y < 160; ++y)
        for (int x = 0; x < 200; ++x) picture.at<cv::Vec3b>(y, x) = cv::Vec3b(std::uint8_t(x + i), std::uint8_t(y), std::uint8_t(90 + (x ^ y) % 16));
      cv::ellipse(picture, {100 + shift, 80}, {45, 60}, 0, 0, 360, {150, 170, 220}, cv::FILLED);
      cv::ellipse(picture, {100 + shift, 80}, {14, 2 + int(10 * open)}, 0, 0, 360, {40, 30, 120}, cv::FILLED);
      cv::imwrite(media::frame_file(path(), i).string(), picture, {cv::IMWRITE_JPEG_QUALITY, 95});
      std::ofstream points(media::landmark_file(path(), i));
      for (int k = 0; k < 110 && i != without_face; ++k) points << (k == 1 ? 60 + shift : k == 31 ? 140 + shift : 100) << ' ' << (k == 52 ? 50 : 90) << '\n';
    }
    audio::write_wav(folder / "aud.wav", sound);
    audio::write_features(folder / "aud_mel.npy", audio::mel_features(sound, {25, 1}));
  }
  std::filesystem::path path() const { return folder / ""; }
  std::shared_ptr<const media::dataset> open() const { return std::make_shared<const media::dataset>(media::dataset::open(path())); }

  scratch_folder folder;
};

}  // namespace viseme::tests
