#include <boost/test/unit_test.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "../io/files.hpp"

#include <viseme/media/dataset.hpp>

namespace dataset_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::media;

/// A folder as the reference leaves it: five frames of 160 x 120 with 110 landmarks each, four rows of ave, no dataset.json.
struct reference_folder {
  reference_folder() {
    std::filesystem::create_directories(folder / "full_body_img");
    std::filesystem::create_directories(folder / "landmarks");
    for (int k = 0; k < 5; ++k) {
      cv::imwrite(frame_file(path, k).string(), cv::Mat(120, 160, CV_8UC3, cv::Scalar(10 * k, 100, 200)));
      std::vector<point> points(110, {5, 5});
      points[1].x = float(40 + k);
      points[31].x = float(100 + k);
      points[52].y = 30;
      write_landmarks(landmark_file(path, k), points);
    }
    rows(audio::feature_kind::ave, 4);
  }
  void rows(audio::feature_kind kind, std::int64_t count) {
    audio::write_features(feature_file(path, kind),
                          {kind, {25, 1}, std::vector<float>(std::size_t(count * audio::row_length(kind)), 0.5f)});
  }
  manifest described() const {
    auto m = dataset::open(path).contents();
    m.source = {"talk \"one\".mp4", std::string(64, 'a'), 12, 34};
    m.landmark_model = "test";
    m.features[audio::feature_kind::ave] = {"test", 4};
    return m;
  }
  void refused(const std::string& why) const {
    check_error([&] { dataset::open(path); }, why);
  }

  scratch_folder folder;
  std::filesystem::path path = folder / "";
};

BOOST_FIXTURE_TEST_SUITE(dataset, reference_folder)

BOOST_AUTO_TEST_CASE(reference_folder_opens_without_a_manifest) {
  const auto d = viseme::media::dataset::open(path);
  BOOST_CHECK_EQUAL(d.frames(), 5);
  BOOST_CHECK(d.fps() == (rational{25, 1}));
  BOOST_CHECK(d.size() == cv::Size(160, 120));
  BOOST_CHECK(d.record(3).valid);
  BOOST_CHECK(d.record(3).crop == (crop_box{43, 30, 103, 90}));
  BOOST_CHECK_LE(std::abs(d.read_frame(4).at<cv::Vec3b>(60, 80)[0] - 40), 3);
  BOOST_CHECK_EQUAL(d.landmarks(2)[1].x, 42);
  BOOST_CHECK(d.has(audio::feature_kind::ave) && !d.has(audio::feature_kind::mel));
  BOOST_CHECK_EQUAL(d.features(audio::feature_kind::ave).rows(), 4);
  BOOST_CHECK_THROW(d.record(5), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(frames_without_landmarks_are_not_valid) {
  std::filesystem::remove(landmark_file(path, 1));
  spill(landmark_file(path, 2), "1 2\n");
  std::vector<point> points(98, {5, 5});
  write_landmarks(landmark_file(path, 3), points);
  const auto d = viseme::media::dataset::open(path);
  BOOST_CHECK(d.record(0).valid && d.record(4).valid);
  for (const int k : {1, 2, 3}) BOOST_CHECK(!d.record(k).valid && !d.record(k).reason.empty());
}

BOOST_AUTO_TEST_CASE(rate_is_20_for_wenet_alone_and_what_info_says_before_that) {
  std::filesystem::remove(feature_file(path, audio::feature_kind::ave));
  rows(audio::feature_kind::wenet, 5);
  BOOST_CHECK(viseme::media::dataset::open(path).fps() == (rational{20, 1}));
  spill(path / "info.txt", "NAME: x\nFPS: 30\r\n");
  BOOST_CHECK(viseme::media::dataset::open(path).fps() == (rational{30, 1}));
}

BOOST_AUTO_TEST_CASE(hubert_rows_are_found_under_both_names) {
  rows(audio::feature_kind::hubert, 5);
  std::filesystem::rename(path / "aud_hu.npy", path / "aud_hubert.npy");
  BOOST_CHECK_EQUAL(viseme::media::dataset::open(path).features(audio::feature_kind::hubert).rows(), 5);
}

BOOST_AUTO_TEST_CASE(rows_are_checked_against_sound_or_frames) {
  rows(audio::feature_kind::ave, 50);
  const auto d = viseme::media::dataset::open(path);
  check_error([&] { d.features(audio::feature_kind::ave); }, "50 rows for 5 frames");
  check_error([&] { d.features(audio::feature_kind::mel); }, "no mel features");
  audio::write_wav(path / "aud.wav", std::vector<float>(2 * 16000));
  BOOST_CHECK_EQUAL(d.features(audio::feature_kind::ave).rows(), 50);
}

BOOST_AUTO_TEST_CASE(manifest_comes_back_as_written) {
  auto m = described();
  m.frames[0].crop = {40.1f, 30.3f, 100.7f, 90.9f};
  m.frames[1] = {false, "no face\n\"found\"", {}};
  m.frames[2].reason = "interpolated";
  m.settings["face"] = "largest";
  write_manifest(path / "dataset.json", m);
  const auto d = viseme::media::dataset::open(path);
  const auto& r = d.contents();
  BOOST_CHECK_EQUAL(r.source.file, m.source.file);
  BOOST_CHECK_EQUAL(r.source.sha256, m.source.sha256);
  BOOST_CHECK(r.source.size == 12 && r.source.modified == 34);
  BOOST_CHECK(r.settings == m.settings);
  BOOST_CHECK_EQUAL(r.landmark_points, 110);
  BOOST_CHECK_EQUAL(r.features.at(audio::feature_kind::ave).rows, 4);
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_CHECK_EQUAL(r.frames[i].valid, m.frames[i].valid);
    BOOST_CHECK_EQUAL(r.frames[i].reason, m.frames[i].reason);
    BOOST_CHECK(!r.frames[i].valid || r.frames[i].crop == m.frames[i].crop);
  }
}

BOOST_AUTO_TEST_CASE(hostile_manifests_are_refused) {
  write_manifest(path / "dataset.json", described());
  const auto good = nlohmann::json::parse(slurp(path / "dataset.json"));
  const auto with = [&](const char* where, const nlohmann::json& value, const std::string& why) {
    auto j = good;
    j[nlohmann::json::json_pointer(where)] = value;
    spill(path / "dataset.json", j.dump());
    refused(why);
  };
  with("/format", "other", "no dataset of viseme");
  with("/version", 99, "version");
  with("/fps", "0/0", "frame rate");
  with("/fps", 25, "damaged");
  with("/width", -1, "out of range");
  with("/width", 1000000, "out of range");
  with("/height", 1.5, "out of range");
  with("/frame_count", 6, "not as many");
  with("/frame_count", std::uint64_t(-1), "out of range");
  with("/frames", nlohmann::json::object(), "not as many");
  with("/frames/1", 7, "damaged");
  with("/frames/1/valid", "yes", "damaged");
  with("/frames/1/crop", {1, 2, 3}, "damaged");
  with("/frames/1/crop", {1, 2, 1e300, 4}, "face box");
  with("/frames/1/crop", {10, 10, 70, 120}, "face box");
  with("/frames/1/crop", {1000, 10, 1070, 80}, "face box");
  with("/landmarks/points", 68, "landmarks");
  with("/features/mfcc", {{"rule", "x"}, {"rows", 4}}, "features 'mfcc'");
  with("/features/ave/rows", -4, "out of range");
  with("/source", nullptr, "damaged");
  for (const std::string text : {"", "[", "null", "[]", "\xff\xfe"}) {
    spill(path / "dataset.json", text);
    refused("dataset '");
  }
  spill(path / "dataset.json", std::string(100000, '['));
  refused("damaged");
}

BOOST_AUTO_TEST_CASE(manifest_with_no_valid_frame_is_refused) {
  auto m = described();
  for (auto& f : m.frames) f.valid = false;
  write_manifest(path / "dataset.json", m);
  refused("no frame has a usable face");
}

BOOST_AUTO_TEST_CASE(broken_folders_are_refused) {
  check_error([] { viseme::media::dataset::open("/no/such/folder"); }, "no such folder");
  std::filesystem::remove(frame_file(path, 2));
  refused("2.jpg is missing");
  for (int k = 0; k < 5; ++k) std::filesystem::remove(frame_file(path, k));
  refused("no pictures");
}

BOOST_AUTO_TEST_CASE(broken_pictures_are_refused) {
  const auto d = viseme::media::dataset::open(path);
  const auto bytes = slurp(frame_file(path, 1));
  const auto broken = [&](const std::string& content, const std::string& why) {
    spill(frame_file(path, 1), content);
    check_error([&] { d.read_frame(1); }, why);
  };
  broken("", "no JPEG");
  broken("not a picture", "no JPEG");
  broken(bytes.substr(0, bytes.size() - 2), "truncated");
  broken(bytes.substr(0, 2) + bytes.substr(bytes.size() - 2), "decoded");
  std::vector<uchar> other;
  cv::imencode(".jpg", cv::Mat(60, 80, CV_8UC3, cv::Scalar::all(9)), other);
  broken(std::string(other.begin(), other.end()), "80x60");
  std::filesystem::remove(frame_file(path, 1));
  check_error([&] { d.read_frame(1); }, "no such file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dataset_suite
