#include <boost/test/unit_test.hpp>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>

#include "../io/files.hpp"

#include <viseme/media/encoder.hpp>
#include <viseme/media/preprocess.hpp>

namespace preprocess_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::media;

/// Bounding box of what is clearly green.
cv::Rect green_box(const cv::Mat& bgr) {
  cv::Mat mask;
  cv::inRange(bgr, cv::Scalar(0, 150, 0), cv::Scalar(100, 255, 100), mask);
  return cv::boundingRect(mask);
}

/// Takes green boxes for faces, and counts how often it is asked.
struct green_finder final : face_finder {
  static inline int calls = 0;
  std::vector<detected_face> find(const cv::Mat& bgr) override {
    ++calls;
    const auto box = green_box(bgr);
    if (box.area() < 100) return {};
    return {{cv::Rect2f(box), 0.9f}};
  }
};

struct green_landmarks final : landmark_net {
  int points() const override { return 98; }
  int input_size() const override { return 128; }
  std::vector<float> run(const cv::Mat& picture) override {
    const auto box = green_box(picture);
    std::vector<float> out;
    for (const auto& p : layout_landmarks(cv::Rect2f(box))) out.insert(out.end(), {p.x / 128, p.y / 128});
    return out;
  }
};

constexpr int width = 240, height = 180;

struct preprocess_case {
  /// A green face 60 x 72 that walks right, absent in the frames given.
  std::filesystem::path video(int frames, const std::set<int>& absent = {}, bool sound = true, const std::string& name = "a.mp4") const {
    encoder_options e;
    e.fps = {25, 1};
    e.width = width;
    e.height = height;
    e.preset = "ultrafast";
    if (sound) {
      e.samples.resize(std::size_t(frames) * 640);
      for (std::size_t i = 0; i < e.samples.size(); ++i) e.samples[i] = 0.3f * float(std::sin(0.1 * double(i)));
    }
    encoder out((folder / name).string(), e);
    for (int k = 0; k < frames; ++k) {
      cv::Mat picture(height, width, CV_8UC3, cv::Scalar(90, 60, 90));
      if (!absent.count(k)) cv::rectangle(picture, {60 + k, 40, 60, 72}, cv::Scalar(20, 220, 20), cv::FILLED);
      out.write(picture);
    }
    out.finish();
    return folder / name;
  }
  preprocess_options options(const std::filesystem::path& video) const {
    preprocess_options o;
    o.video = video;
    o.out = folder / "person";
    o.landmark_model = "green";
    o.features[audio::feature_kind::mel] = mel_maker();
    o.finder = [] { return std::make_unique<green_finder>(); };
    o.landmarks = [] { return std::make_unique<green_landmarks>(); };
    return o;
  }
  preprocess_report run(const preprocess_options& o) const { return preprocessor(o).run(); }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "person"))
      if (entry.is_regular_file()) all[entry.path().lexically_relative(folder / "person").string()] = slurp(entry.path());
    return all;
  }

  scratch_folder folder;
};

BOOST_FIXTURE_TEST_SUITE(preprocess, preprocess_case)

BOOST_AUTO_TEST_CASE(folder_holds_frames_landmarks_sound_features_and_manifest) {
  green_finder::calls = 0;
  const auto r = run(options(video(33)));
  BOOST_CHECK_EQUAL(r.contents.frames.size(), 33);
  BOOST_CHECK(!r.up_to_date && r.warnings.empty());
  BOOST_CHECK_LE(green_finder::calls, 1 + 4);
  BOOST_CHECK(!std::filesystem::exists(folder / "person/.unfinished"));
  const auto d = dataset::open(folder / "person");
  BOOST_CHECK_EQUAL(d.frames(), 33);
  BOOST_CHECK(d.size() == cv::Size(width, height));
  BOOST_CHECK_EQUAL(d.contents().source.sha256, io::sha256_of(folder / "a.mp4"));
  const auto samples = std::int64_t(audio::read_samples(folder / "person/aud.wav").size());
  BOOST_CHECK_GE(samples, 33 * 640);
  BOOST_CHECK_LE(samples, 33 * 640 + 1024);  // AAC's last block
  BOOST_CHECK_EQUAL(d.features(audio::feature_kind::mel).rows(), frames_covering(samples, 16000, {25, 1}));
  for (int k = 0; k < 33; ++k) {
    const auto& record = d.record(k);
    BOOST_CHECK(record.valid && record.reason.empty());
    BOOST_CHECK_SMALL(record.crop.x0 - float(60 + k), 3.f);
    BOOST_CHECK_SMALL(record.crop.side() - 60, 4.f);
    BOOST_CHECK(whole_pixels(crop_from_landmarks(d.landmarks(k))) == whole_pixels(record.crop));
    BOOST_CHECK(d.read_frame(k).size() == cv::Size(width, height));
  }
}

BOOST_AUTO_TEST_CASE(second_run_does_nothing) {
  const auto o = options(video(12));
  run(o);
  const auto before = files();
  green_finder::calls = 0;
  BOOST_CHECK(run(o).up_to_date);
  BOOST_CHECK_EQUAL(green_finder::calls, 0);
  BOOST_CHECK(files() == before);
}

BOOST_AUTO_TEST_CASE(touched_but_unchanged_source_is_up_to_date) {
  const auto o = options(video(12));
  run(o);
  std::filesystem::last_write_time(o.video, std::filesystem::file_time_type::clock::now());
  BOOST_CHECK(run(o).up_to_date);
}

BOOST_AUTO_TEST_CASE(changed_source_and_changed_settings_are_noticed) {
  auto o = options(video(12));
  run(o);
  video(15, {3});
  auto r = run(o);
  BOOST_CHECK(!r.up_to_date);
  BOOST_CHECK_EQUAL(r.warnings.size(), 1);
  BOOST_CHECK_EQUAL(dataset::open(o.out).frames(), 15);
  o.settings["face"] = "center";
  BOOST_CHECK(!run(o).up_to_date);
  std::filesystem::remove(frame_file(o.out, 7));
  BOOST_CHECK(!run(o).up_to_date);
  BOOST_CHECK(run(o).up_to_date);
}

BOOST_AUTO_TEST_CASE(missing_features_alone_are_made) {
  auto o = options(video(12));
  run(o);
  int made = 0;
  o.features[audio::feature_kind::ave] = {"test 1", [&](std::span<const float> samples, rational fps) {
                                            ++made;
                                            auto rows = audio::mel_features(samples, fps);
                                            rows.kind = audio::feature_kind::ave;
                                            return rows;
                                          }};
  green_finder::calls = 0;
  BOOST_CHECK(!run(o).up_to_date);
  BOOST_CHECK(run(o).up_to_date);
  BOOST_CHECK_EQUAL(made, 1);
  BOOST_CHECK_EQUAL(green_finder::calls, 0);
  BOOST_CHECK_EQUAL(dataset::open(o.out).contents().features.size(), 2);
}

BOOST_AUTO_TEST_CASE(stopped_run_is_continued_to_the_same_result) {
  auto o = options(video(45, {22, 23}));
  run(o);
  auto whole = files();
  std::filesystem::remove_all(o.out);
  auto stopped = o;
  std::int64_t at = 0;
  stopped.progress = [&](std::int64_t done, std::int64_t) { at = done; };
  stopped.stop = [&] { return at >= 20; };
  check_error([&] { run(stopped); }, "stopped");
  BOOST_CHECK(!std::filesystem::exists(o.out / "dataset.json") && std::filesystem::exists(o.out / ".unfinished"));
  const auto r = run(o);
  BOOST_CHECK_EQUAL(r.resumed_from, 20);
  BOOST_CHECK(files() == whole);
}

BOOST_AUTO_TEST_CASE(damaged_unfinished_work_is_made_anew) {
  auto o = options(video(25));
  run(o);
  const auto whole = files();
  std::filesystem::remove(o.out / "dataset.json");
  std::filesystem::create_directories(o.out / ".unfinished/full_body_img");
  spill(o.out / ".unfinished/state.json", "{}");
  spill(o.out / ".unfinished/landmarks.partial", std::string(100000, 'x'));
  run(o);
  BOOST_CHECK(files() == whole);
}

BOOST_AUTO_TEST_CASE(short_gaps_are_interpolated_long_ones_are_not_valid) {
  auto o = options(video(50, {12, 13, 14, 30, 31, 32, 33, 34, 35, 36, 37, 49}));
  run(o);
  const auto d = dataset::open(o.out);
  for (const int k : {12, 13, 14}) {
    BOOST_CHECK(d.record(k).valid && d.record(k).reason.find("interpolated") != std::string::npos);
    BOOST_CHECK_SMALL(d.record(k).crop.x0 - float(60 + k), 3.f);
  }
  for (const int k : {30, 31, 37, 49}) {
    BOOST_CHECK(!d.record(k).valid && d.record(k).reason == "no face found");
    BOOST_CHECK(!std::filesystem::exists(landmark_file(o.out, k)));
  }
  for (const int k : {11, 15, 29, 38, 48}) BOOST_CHECK(d.record(k).valid && d.record(k).reason.empty());
  o.strict = true;
  check_error([&] { run(o); }, "frame 12: no face found");
  BOOST_CHECK_EQUAL(dataset::open(o.out).frames(), 50);
}

BOOST_AUTO_TEST_CASE(video_without_a_face_leaves_nothing) {
  std::set<int> all;
  for (int k = 0; k < 12; ++k) all.insert(k);
  const auto o = options(video(12, all));
  check_error([&] { run(o); }, "no face found in any of its 12 frames");
  BOOST_CHECK(!std::filesystem::exists(o.out));
}

BOOST_AUTO_TEST_CASE(videos_that_cannot_be_used_leave_nothing) {
  auto o = options(video(5, {}, false));
  check_error([&] { run(o); }, "it has no sound");
  o.video = folder / "garbage.mp4";
  spill(o.video, std::string(5000, 'g'));
  check_error([&] { run(o); }, "garbage.mp4");
  spill(o.video, "");
  check_error([&] { run(o); }, "garbage.mp4");
  o.video = folder / "missing.mp4";
  check_error([&] { run(o); }, "no such file");
  audio::write_wav(folder / "sound.wav", std::vector<float>(16000));
  o.video = folder / "sound.wav";
  check_error([&] { run(o); }, "sound.wav");
  o.video = video(5);
  o.finder = []() -> std::unique_ptr<face_finder> { throw error("face detector", "broken", "fix it"); };
  check_error([&] { run(o); }, "broken");
  BOOST_CHECK(!std::filesystem::exists(o.out));
}

BOOST_AUTO_TEST_CASE(other_rates_are_converted) {
  auto o = options(video(25));
  o.fps = {20, 1};
  BOOST_CHECK_EQUAL(run(o).contents.frames.size(), 20);
  const auto d = dataset::open(o.out);
  BOOST_CHECK(d.fps() == (rational{20, 1}));
  BOOST_CHECK_LE(std::abs(d.features(audio::feature_kind::mel).rows() - 20), 1);
}

BOOST_AUTO_TEST_CASE(without_a_landmark_net_the_box_is_steady) {
  auto o = options(video(40));
  o.landmarks = [] { return nullptr; };
  run(o);
  const auto d = dataset::open(o.out);
  for (int k = 0; k < 40; ++k) BOOST_CHECK_SMALL(d.record(k).crop.side() - 60, 4.f);
  BOOST_CHECK_SMALL(d.record(20).crop.x0 - 80, 3.f);
}

BOOST_AUTO_TEST_CASE(gaps_are_not_filled_across_a_leap) {
  std::vector<frame_landmarks> track(5);
  track[0] = layout_landmarks({0, 0, 50, 60});
  track[2] = layout_landmarks({10, 0, 50, 60});
  track[4] = layout_landmarks({200, 0, 50, 60});
  BOOST_CHECK(fill_gaps(track) == std::vector<std::int64_t>{1});
  BOOST_CHECK_CLOSE(bounds(track[1]).x, 5 + bounds(track[0]).x, 0.01);
  BOOST_CHECK(track[3].empty());
}

BOOST_AUTO_TEST_CASE(choices_of_a_face) {
  const std::vector<detected_face> faces{{{0, 0, 50, 50}, 0.9f}, {{100, 80, 20, 20}, 0.8f}, {{180, 0, 60, 60}, 0.5f}};
  const cv::Size size(220, 180);
  BOOST_CHECK_EQUAL(face_choice::parse("largest").pick(faces, size), 2);
  BOOST_CHECK_EQUAL(face_choice::parse("center").pick(faces, size), 1);
  BOOST_CHECK_EQUAL(face_choice::parse("20,30.5").pick(faces, size), 0);
  for (const char* bad : {"", "left", "1", "1,", ",2", "1,2,3", "nan,1", "1;2"})
    check_error([&] { face_choice::parse(bad); }, "choice of face");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace preprocess_suite
