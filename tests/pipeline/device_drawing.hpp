// Whole frames rendered with the faces drawn in a device's memory, against the host's path on the cpu backend.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "made_person.hpp"

#include <tests/media/i420.hpp>
#include <viseme/render/renderer.hpp>

namespace viseme::tests {

/// Five frames, one of them without a face, and four of them again from kept encoders: enough to replay a recording of either kind
/// (backends/simt/recording.hpp).
struct rendered_frames {
  std::vector<cv::Mat> frames;
  std::int64_t kept = 0;
};

inline rendered_frames rendered(const std::string& backend, frame_format result) {
  static const made_person folder(5, 1);
  const net_spec spec{"unet", "mel", "mobile"};
  const render::window_settings sound{audio::feature_kind::mel, {25, 1}, 2, audio::window_rule::edge};
  const auto who = std::make_shared<const render::person>(
      render::person{folder.open(), open_device(backend)->prepare(spec, initial_block(spec, 1)), {}, sound});
  render::renderer_options options;
  options.loop_back = false;
  options.result = result;
  render::renderer maker(who, options);
  maker.push(made_sound(9 * 640));
  maker.finish();
  rendered_frames all;
  for (cv::Mat frame; maker.pull(frame);) all.frames.push_back(frame.clone());
  all.kept = maker.encoder().frames();
  return all;
}

inline std::vector<std::uint8_t> bytes(const cv::Mat& m) { return {m.data, m.data + m.total() * m.elemSize()}; }

inline void check_50_db(const std::vector<std::uint8_t>& have, const std::vector<std::uint8_t>& want) {
  BOOST_REQUIRE_EQUAL(have.size(), want.size());
  double sum = 0;
  for (std::size_t i = 0; i < have.size(); ++i) {
    BOOST_REQUIRE_LE(std::abs(have[i] - want[i]), 4);
    sum += (have[i] - want[i]) * (have[i] - want[i]);
  }
  BOOST_TEST(sum <= 0.65 * double(have.size()));  // 50 dB
}

/// On the host frames are BGR whatever is asked for.
inline const rendered_frames& rendered_by_the_host() {
  static const auto once = rendered("cpu", frame_format::i420);
  return once;
}

inline void check_drawing(const std::string& backend) {
  for (const bool converts : {false, true}) {
    const auto made = rendered(backend, converts ? frame_format::i420 : frame_format::bgr);
    BOOST_REQUIRE_EQUAL(made.frames.size(), 9u);
    BOOST_TEST(made.kept == 4);
    for (std::size_t i = 0; i < 9; ++i) {
      const auto& want = rendered_by_the_host().frames[i];
      BOOST_REQUIRE_EQUAL(made.frames[i].type(), converts ? CV_8UC1 : CV_8UC3);
      check_50_db(bytes(made.frames[i]), converts ? i420_of(want) : bytes(want));
    }
  }
}

}  // namespace viseme::tests
