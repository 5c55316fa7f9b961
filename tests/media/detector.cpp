#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../environment.hpp"
#include "../io/files.hpp"

#include <viseme/media/decoder.hpp>
#include <viseme/media/detector_haar.hpp>
#include <viseme/media/encoder.hpp>
#include <viseme/media/preprocess.hpp>

namespace detector_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::media;

std::filesystem::path model(const char* name) { return test_data() / "models" / name; }
std::filesystem::path scrfd() { return model("scrfd_2.5g_kps.onnx"); }
std::filesystem::path pfld() { return model("pfld_ghostone_98pt_112.onnx"); }
std::filesystem::path clip(const char* name) { return test_data() / "clips" / name; }

cv::Mat first_frame(const char* name) {
  cv::Mat frame;
  decoder(clip(name)).next(frame);
  return frame;
}

/// The first frames of a clip as a short video with sound; `from` on, they are noise.
std::filesystem::path cut_clip(const std::filesystem::path& to, const char* name, int frames, int from = 1000) {
  decoder in(clip(name), rational{25, 1});
  encoder_options e;
  e.fps = {25, 1};
  e.width = in.info().width;
  e.height = in.info().height;
  e.preset = "ultrafast";
  e.samples.resize(std::size_t(frames) * 640, 0.1f);
  encoder out(to.string(), e);
  cv::Mat frame;
  for (int k = 0; k < frames && in.next(frame); ++k) {
    if (k >= from) cv::randu(frame, 0, 256);
    out.write(frame);
  }
  out.finish();
  return to;
}

preprocess_options options(const std::filesystem::path& video, const std::filesystem::path& out) {
  preprocess_options o;
  o.video = video;
  o.out = out;
  o.features[audio::feature_kind::mel] = mel_maker();
  o.finder = [] { return std::make_unique<scrfd_finder>(scrfd()); };
  o.landmarks = [] { return std::make_unique<onnx_landmarks>(pfld()); };
  o.landmark_model = "pfld";
  return o;
}

BOOST_AUTO_TEST_SUITE(detector, *boost::unit_test::precondition(needs("VISEME_TEST_DATA")))

BOOST_AUTO_TEST_CASE(finds_the_one_face_of_a_frame) {
  scrfd_finder finder(scrfd());
  const auto faces = finder.find(first_frame("woman_close_25fps_512.mp4"));
  BOOST_REQUIRE_EQUAL(faces.size(), 1);
  BOOST_CHECK_GT(faces[0].score, 0.5f);
  BOOST_CHECK_GT(overlap(faces[0].box, {134, 100, 251, 367}), 0.95f);
}

BOOST_AUTO_TEST_CASE(pictures_of_any_shape_are_taken) {
  scrfd_finder finder(scrfd());
  const auto frame = first_frame("woman_close_25fps_512.mp4");
  for (const auto& padding : {cv::Size(700, 0), cv::Size(0, 700), cv::Size(1, 0)}) {
    cv::Mat wide;
    cv::copyMakeBorder(frame, wide, 0, padding.height, 0, padding.width, cv::BORDER_CONSTANT);
    const auto faces = finder.find(wide);
    BOOST_REQUIRE(!faces.empty());
    BOOST_CHECK_GT(overlap(faces[0].box, {134, 100, 251, 367}), 0.85f);
  }
  for (const auto& size : {cv::Size(1, 1), cv::Size(3000, 1), cv::Size(1, 3000)})
    BOOST_CHECK(finder.find(cv::Mat(size, CV_8UC3, cv::Scalar::all(0))).empty());
}

BOOST_AUTO_TEST_CASE(models_of_another_kind_are_refused) {
  scratch_folder folder;
  check_error([] { scrfd_finder f(pfld()); }, "face detector");
  check_error([] { onnx_landmarks l(scrfd()); }, "landmark net");
  check_error([] { onnx_landmarks l(pfld(), std::vector<float>(220)); }, "mean face");
  spill(folder / "a.onnx", std::string(4000, 'x'));
  check_error([&] { scrfd_finder f(folder / "a.onnx"); }, "ONNX");
  check_error([&] { onnx_landmarks l(folder / "a.onnx"); }, "ONNX");
  spill(folder / "a.onnx", slurp(scrfd()).substr(0, 100000));
  check_error([&] { scrfd_finder f(folder / "a.onnx"); }, "face detector");
  check_error([&] { scrfd_finder f(folder / "none.onnx"); }, "no such file");
}

BOOST_AUTO_TEST_CASE(landmarks_lie_on_the_face_and_a_square_around_them_finds_them_again) {
  const auto frame = first_frame("woman_close_25fps_512.mp4");
  onnx_landmarks net(pfld());
  const auto points = net.find(frame, landmark_square({134, 100, 251, 367}));
  BOOST_REQUIRE_EQUAL(points.size(), 98);
  BOOST_CHECK_SMALL(std::abs(points[16].y - 469), 12.f);  // chin
  BOOST_CHECK_SMALL(std::abs(points[52].y - 268), 12.f);  // nose bridge
  const auto again = net.find(frame, square_around(points));
  for (std::size_t k = 0; k < 98; ++k) BOOST_CHECK_LT(std::hypot(again[k].x - points[k].x, again[k].y - points[k].y), 14.f);
}

BOOST_AUTO_TEST_CASE(landmark_square_rounds_as_the_reference) {
  BOOST_CHECK(landmark_square({10.9f, 20.9f, 100.4f, 50}) == cv::Rect(60 - 53, 45 - 53, 106, 106));
}

BOOST_AUTO_TEST_CASE(clip_becomes_a_folder_and_noise_after_it_is_left_out) {
  scratch_folder folder;
  const auto o = options(cut_clip(folder / "a.mp4", "woman_close_25fps_512.mp4", 36, 22), folder / "person");
  preprocessor(o).run();
  const auto d = dataset::open(o.out);
  BOOST_CHECK_EQUAL(d.frames(), 36);
  for (int k = 0; k < 36; ++k) BOOST_CHECK_EQUAL(d.record(k).valid, k < 22);
  for (int k = 1; k < 22; ++k) {
    BOOST_CHECK_SMALL(d.record(k).crop.x0 - d.record(k - 1).crop.x0, 8.f);
    BOOST_CHECK_SMALL(d.record(k).crop.side() - 256, 14.f);
  }
}

BOOST_AUTO_TEST_CASE(noise_has_no_face) {
  scratch_folder folder;
  const auto o = options(cut_clip(folder / "a.mp4", "woman_close_25fps_512.mp4", 6, 0), folder / "person");
  check_error([&] { preprocessor(o).run(); }, "no face found");
  BOOST_CHECK(!std::filesystem::exists(o.out));
}

BOOST_AUTO_TEST_CASE(haar_cascade_finds_about_the_same_box, *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                       return boost::test_tools::assertion_result(!installed_cascade().empty());
                     })) {
  haar_finder finder;
  const auto faces = finder.find(first_frame("woman_close_25fps_512.mp4"));
  BOOST_REQUIRE(!faces.empty());
  BOOST_CHECK_GT(overlap(faces[0].box, {134, 100, 251, 367}), 0.6f);
}

BOOST_AUTO_TEST_CASE(crops_of_the_reference_run_are_its_own) {
  scratch_folder folder;
  const auto run = test_data() / "reference_run";
  BOOST_REQUIRE_EQUAL(std::system(("tar -xzf '" + (run / "landmarks.tar.gz").string() + "' -C '" + (folder / "").string() + "'").c_str()),
                      0);
  std::ifstream file(run / "crop_rectangles.json");
  const auto rectangles = nlohmann::json::parse(file);
  int compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "")) {
    if (entry.path().extension() != ".lms") continue;
    const auto rect = rectangles.at(entry.path().stem().string()).at("rect").get<std::vector<int>>();
    const auto pixels = whole_pixels(crop_from_landmarks(read_landmarks(entry.path())));
    BOOST_CHECK(pixels == cv::Rect(cv::Point(rect[0], rect[1]), cv::Point(rect[2], rect[3])));
    ++compared;
  }
  BOOST_CHECK_EQUAL(compared, 523);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace detector_suite
