// A drawn person's folder: what lies in it agrees with the sound and with the truth, also through H.264.
#include <unistd.h>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include <tests/environment.hpp>
#include <viseme/demo/mouth_opening.hpp>
#include <viseme/demo/person_folder.hpp>
#include <viseme/media/decoder.hpp>

namespace person_folder_suite {

using namespace viseme;
namespace fs = std::filesystem;

constexpr std::int64_t frames = 75;

/// Three seconds of the demo's sentence, drawn once for all cases.
struct written_person {
  fs::path folder = fs::temp_directory_path() / ("viseme_person_" + std::to_string(::getpid())) / "anna";
  std::vector<float> sound;
  nlohmann::json truth;

  written_person() {
    sound = audio::read_samples(tests::source() / "weights/demo/hello.wav");
    sound.resize(3 * 16000);
    fs::create_directories(folder / "full_body_img");
    std::ofstream(folder / "full_body_img/75.jpg") << "of an earlier person";
    demo::write_person_folder(folder, sound, {.seed = 5});
    truth = nlohmann::json::parse(std::ifstream(folder / "truth.json"));
  }
  ~written_person() { fs::remove_all(folder.parent_path()); }
};

const written_person& person() {
  static const written_person p;
  return p;
}

BOOST_AUTO_TEST_SUITE(person_folder, *boost::unit_test::precondition(viseme::tests::needs("VISEME_SOURCE")))

BOOST_AUTO_TEST_CASE(holds_one_of_everything_a_frame) {
  const auto& p = person();
  for (std::int64_t k = 0; k <= frames; ++k) {
    BOOST_TEST(fs::exists(p.folder / "full_body_img" / (std::to_string(k) + ".jpg")) == (k < frames));
    BOOST_TEST(fs::exists(p.folder / "landmarks" / (std::to_string(k) + ".lms")) == (k < frames));
  }
  BOOST_TEST(p.truth["frames"].size() == std::size_t(frames));
  BOOST_TEST(p.truth["fps"] == "25/1");
  BOOST_TEST(cv::imread((p.folder / "full_body_img/0.jpg").string()).rows == demo::drawn_person::height);
}

BOOST_AUTO_TEST_CASE(is_a_dataset_with_every_frame_valid) {
  const auto d = media::dataset::open(person().folder);
  BOOST_REQUIRE(d.frames() == frames);
  BOOST_TEST(d.contents().landmark_points == 110);
  BOOST_TEST(d.features(audio::feature_kind::mel).rows() == frames);
  for (std::int64_t k = 0; k < frames; ++k) {
    BOOST_TEST(d.record(k).valid);
    const auto whole = media::crop_from_landmarks(d.landmarks(k));
    BOOST_TEST(std::abs(d.record(k).crop.x0 - whole.x0) <= 1);
    BOOST_TEST(std::abs(d.record(k).crop.y0 - whole.y0) <= 1);
    BOOST_TEST(std::abs(d.record(k).crop.x1 - whole.x1) <= 1);
  }
}

BOOST_AUTO_TEST_CASE(sound_is_kept) {
  const auto kept = audio::read_samples(person().folder / "aud.wav");
  BOOST_REQUIRE(kept.size() == person().sound.size());
  for (std::size_t i = 0; i < kept.size(); i += 97) BOOST_REQUIRE_SMALL(kept[i] - person().sound[i], 1.f / 32768);
}

BOOST_AUTO_TEST_CASE(landmark_files_hold_the_points) {
  const demo::drawn_person drawn(5);
  const auto motion = demo::speech_motion(person().sound, {25, 1});
  for (const int k : {0, 40, 74}) {
    const auto truth = drawn.truth(k / 25.0, motion[std::size_t(k)]);
    std::ifstream file(person().folder / "landmarks" / (std::to_string(k) + ".lms"));
    for (const auto& p : truth.points) {
      double x = 0, y = 0;
      BOOST_REQUIRE(bool(file >> x >> y));
      BOOST_REQUIRE_SMALL(std::hypot(x - p.x, y - p.y), 0.01);
    }
    std::string rest;
    BOOST_TEST(!(file >> rest));
    BOOST_TEST(person().truth["frames"][std::size_t(k)]["opening"].get<double>() == motion[std::size_t(k)].opening);
  }
}

BOOST_AUTO_TEST_CASE(video_shows_the_truth) {
  media::decoder video(person().folder / "anna.mp4");
  std::vector<double> measured, truth;
  cv::Mat picture;
  for (const auto& t : person().truth["frames"]) {
    BOOST_REQUIRE(video.next(picture));
    const auto& b = t["mouth_box"];
    measured.push_back(
        demo::measure_mouth_opening(picture, {b[0].get<double>(), b[1].get<double>(), b[2].get<double>(), b[3].get<double>()}));
    truth.push_back(t["opening_pixels"]);
  }
  BOOST_TEST(!video.next(picture));
  BOOST_TEST(demo::pearson(measured, truth) > 0.97);
}

BOOST_AUTO_TEST_CASE(a_stop_leaves_no_truth) {
  const auto folder = person().folder.parent_path() / "stopped";
  BOOST_CHECK_THROW(demo::write_person_folder(folder, person().sound, {}, [](std::int64_t, std::int64_t) { return false; }), viseme::error);
  BOOST_TEST(!fs::exists(folder / "truth.json"));
  BOOST_TEST(!fs::exists(folder / "stopped.mp4"));
}

BOOST_AUTO_TEST_CASE(no_sound_is_refused) {
  BOOST_CHECK_THROW(demo::write_person_folder(person().folder.parent_path() / "mute", {}, {}), viseme::error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace person_folder_suite
