// The shipped demo: speech that the shipped weights were not trained on, rendered by viseme-render; the mouth's opening measured in the
// video against the truth that the generator knows from the sound.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <random>

#include <tests/tools/program.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/demo/mouth_opening.hpp>
#include <viseme/demo/speech_motion.hpp>
#include <viseme/media/decoder.hpp>
#include <viseme/render/frame_walk.hpp>

namespace demo_suite {

using namespace viseme;
using namespace viseme::tests;

const std::filesystem::path shipped = source() / "weights/demo";

std::vector<cv::Rect2d> mouth_boxes() {
  std::ifstream file(shipped / "person/truth.json");
  std::vector<cv::Rect2d> boxes;
  const auto truth = nlohmann::json::parse(file);
  for (const auto& frame : truth.at("frames")) {
    const auto& b = frame.at("mouth_box");
    boxes.emplace_back(b.at(0), b.at(1), b.at(2), b.at(3));
  }
  return boxes;
}

std::vector<double> truth_of(const std::vector<float>& samples) {
  std::vector<double> opening;
  for (const auto& m : demo::speech_motion(samples, {25, 1})) opening.push_back(m.opening);
  return opening;
}

/// Half-second pieces in another order.
std::vector<float> shuffled(const std::vector<float>& samples) {
  constexpr std::size_t piece = 8000;
  std::vector<std::size_t> order(samples.size() / piece);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  std::vector<float> mixed;
  for (auto i : order) mixed.insert(mixed.end(), samples.begin() + std::ptrdiff_t(i * piece), samples.begin() + std::ptrdiff_t((i + 1) * piece));
  mixed.insert(mixed.end(), samples.begin() + std::ptrdiff_t(order.size() * piece), samples.end());
  return mixed;
}

/// Opening measured in every frame of the video that viseme-render makes of a sound.
std::vector<double> rendered_opening(const std::filesystem::path& wav, std::size_t frames) {
  const scratch_folder folder;
  const auto run = run_program(folder, "viseme-render", "--quiet --dataset " + (shipped / "person").string() + " --checkpoint " +
                               (shipped / "person.safetensors").string() + " --preset ultrafast --audio " + wav.string() + " --out " + (folder / "out.mp4").string());
  BOOST_REQUIRE_MESSAGE(run.status == 0, run.err);
  const auto boxes = mouth_boxes();
  const render::frame_walk walk(std::int64_t(boxes.size()), {.start = 0, .loop_back = true, .length = std::int64_t(frames)});
  media::decoder video(folder / "out.mp4");
  std::vector<double> opening;
  cv::Mat frame;
  while (video.next(frame)) opening.push_back(demo::measure_mouth_opening(frame, boxes.at(std::size_t(walk.at(std::int64_t(opening.size()))))));
  return opening;
}

BOOST_AUTO_TEST_SUITE(demo)

BOOST_AUTO_TEST_CASE(mouth_follows_the_sound) {
  const auto truth = truth_of(audio::read_samples(shipped / "hello.wav"));
  const auto opening = rendered_opening(shipped / "hello.wav", truth.size());
  BOOST_REQUIRE_EQUAL(opening.size(), truth.size());
  const double correlation = viseme::demo::pearson(opening, truth);
  BOOST_TEST_MESSAGE("mouth opening against the truth: correlation " << correlation);
  BOOST_TEST(correlation >= 0.8);
}

BOOST_AUTO_TEST_CASE(mouth_does_not_follow_another_sound) {
  const auto samples = audio::read_samples(shipped / "hello.wav");
  const auto truth = truth_of(samples);
  const scratch_folder folder;
  audio::write_wav(folder / "shuffled.wav", shuffled(samples));
  const auto opening = rendered_opening(folder / "shuffled.wav", truth.size());
  BOOST_REQUIRE_EQUAL(opening.size(), truth.size());
  const double correlation = viseme::demo::pearson(opening, truth);
  BOOST_TEST_MESSAGE("mouth opening of shuffled sound against the truth: correlation " << correlation);
  BOOST_TEST(std::abs(correlation) < 0.3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace demo_suite
