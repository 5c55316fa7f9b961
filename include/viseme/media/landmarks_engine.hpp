// The 110-point landmark net as its authors publish it (.pth.tar), run by the engine.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/io/net_weights.hpp>
#include <viseme/media/landmarks.hpp>
#include <viseme/run/runner.hpp>

namespace viseme::media {

/// 220 numbers in a text file, divided by blanks, lines or commas. Throws `error` for anything else.
inline std::vector<float> read_mean_face(const std::filesystem::path& path) {
  io::input_file file(path);
  const auto fail = [&](const std::string& why) {
    throw error("mean face '" + file.name() + "'", why, "give the text file of 220 numbers that belongs to the landmark net");
  };
  if (file.size() > 65536) fail("larger than any mean face");
  const auto bytes = file.read(0, file.size());
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<float> numbers;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t\r\n,;[]", at)) != text.npos;) {
    float value = 0;
    const auto [stop, problem] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (problem != std::errc() || !(std::abs(value) < 10)) fail("holds something that is no fraction of a face");
    numbers.push_back(value);
    at = std::size_t(stop - text.data());
  }
  if (numbers.size() != 220) fail(std::to_string(numbers.size()) + " numbers, not 220");
  return numbers;
}

/// PFLD with GhostOne blocks: 192 x 192 BGR / 255 -> 110 points, the mean face added.
class engine_landmarks final : public landmark_net {
public:
  engine_landmarks(device& on, const std::filesystem::path& checkpoint, std::vector<float> mean_face) : mean_face_(std::move(mean_face)) {
    const auto weights = io::load_net(checkpoint, "pfld");
    session_ = on.prepare(weights.spec, weights.block)->make_session({.batch = 1, .image = {0, 0}, .cut = {}});
    planes_.resize(std::size_t(3) * 192 * 192);
  }
  int points() const override { return 110; }

private:
  int input_size() const override { return 192; }

  std::vector<float> run(const cv::Mat& picture) override {
    to_planes(picture, planes_.data());
    session_->write("face", planes_);
    session_->run();
    std::vector<float> out(220);
    session_->read("output", out);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += mean_face_[i];
    return out;
  }

  std::vector<float> mean_face_, planes_;
  std::unique_ptr<session> session_;
};

}  // namespace viseme::media
