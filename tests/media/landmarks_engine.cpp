#include <boost/test/unit_test.hpp>
#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "../environment.hpp"
#include "../io/files.hpp"

#include <viseme/audio/ave_encoder.hpp>
#include <viseme/media/landmarks_engine.hpp>

namespace landmarks_engine_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(landmarks_engine, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(mean_face_is_220_numbers) {
  scratch_folder folder;
  const auto numbers = [&](int count, const std::string& text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    spill(folder / "mean.txt", all);
    return media::read_mean_face(folder / "mean.txt");
  };
  BOOST_CHECK_EQUAL(numbers(220, "0.25 ")[219], 0.25f);
  BOOST_CHECK_EQUAL(numbers(110, "-1e-2, 0.5\r\n").size(), 220);
  for (const char* bad : {"x ", "nan ", "1e30 ", "\xff"}) check_error([&] { numbers(220, bad); }, "mean face");
  check_error([&] { numbers(219, "0.5 "); }, "219 numbers");
  check_error([&] { numbers(100000, "0.5 "); }, "larger");
}

BOOST_AUTO_TEST_CASE(points_are_the_nets_output_plus_the_mean_face_in_the_square) {
  const auto device = open_device("auto", dtype::fp32, 1);
  const auto file = golden() / "pfld.pth.tar";
  cv::Mat frame(240, 260, CV_8UC3);
  cv::RNG(3).fill(frame, cv::RNG::UNIFORM, 0, 256);
  const cv::Rect square(20, 30, 192, 192);
  media::engine_landmarks net(*device, file, std::vector<float>(220, 0.5f));
  const auto points = net.find(frame, square);

  const auto weights = io::load_net(file, "pfld");
  const auto session = device->prepare(weights.spec, weights.block)->make_session({.batch = 1, .image = {0, 0}, .cut = {}});
  std::vector<float> planes(3 * 192 * 192), output(220);
  media::to_planes(frame(square), planes.data());
  session->write("face", planes);
  session->run();
  session->read("output", output);
  BOOST_REQUIRE_EQUAL(points.size(), 110);
  for (std::size_t k = 0; k < 110; ++k) {
    BOOST_CHECK_SMALL(points[k].x - (20 + 192 * (output[2 * k] + 0.5f)), 1e-2f);
    BOOST_CHECK_SMALL(points[k].y - (30 + 192 * (output[2 * k + 1] + 0.5f)), 1e-2f);
  }
}

BOOST_AUTO_TEST_CASE(other_checkpoints_are_refused) {
  const auto device = open_device("auto", dtype::fp32, 1);
  check_error([&] { media::engine_landmarks(*device, golden() / "audio_visual_encoder.pth", std::vector<float>(220)); }, "pfld");
}

BOOST_AUTO_TEST_CASE(ave_rows_do_not_depend_on_the_batch_they_were_made_in) {
  const auto device = open_device("auto", dtype::fp32, 1);
  const auto weights = io::load_net(golden() / "audio_visual_encoder.pth", "audio_encoder");
  std::vector<float> samples(70 * 640 - 100);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = 0.3f * float(std::sin(1e-5 * double(i) * double(i % 9000)));
  const auto rows = audio::ave_encoder(*device, weights.block).features(samples, {25, 1});
  BOOST_REQUIRE_EQUAL(rows.rows(), 70);

  audio::mel_windows windows({25, 1});
  windows.push(samples);
  windows.finish();
  const auto session = device->prepare(weights.spec, weights.block)->make_session({.batch = 1, .image = {0, 0}, .cut = {}});
  std::vector<float> window(16 * 80), wanted(512);
  for (const std::int64_t i : {0, 63, 64, 69}) {
    windows.encoder_input(i, window);
    session->write("mel", window);
    session->run();
    session->read("output", wanted);
    for (std::size_t k = 0; k < 512; ++k) BOOST_REQUIRE_SMALL(rows.row(i)[k] - wanted[k], 1e-4f * (1 + std::abs(wanted[k])));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace landmarks_engine_suite
