#include <boost/test/unit_test.hpp>
#include <opencv2/core.hpp>
#include <vector>

#include "../io/files.hpp"

#include <viseme/media/face_crop.hpp>
#include <viseme/media/landmark_file.hpp>

namespace face_crop_suite {

using namespace viseme::tests;
using namespace viseme::media;

cv::Mat noise(int width, int height, int seed = 1) {
  cv::Mat picture(height, width, CV_8UC3);
  cv::RNG(std::uint64_t(seed)).fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

bool same(const cv::Mat& a, const cv::Mat& b) { return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0; }

std::vector<point> face(float left, float right, float top) {
  std::vector<point> points(110, {1, 1});
  points[1].x = left;
  points[31].x = right;
  points[52].y = top;
  return points;
}

BOOST_AUTO_TEST_SUITE(face_crop)

BOOST_AUTO_TEST_CASE(box_runs_from_ear_to_ear_and_as_far_down_from_the_nose_bridge) {
  BOOST_CHECK(crop_from_landmarks(face(532, 714, 210)) == (crop_box{532, 210, 714, 392}));
  BOOST_CHECK_THROW(crop_from_landmarks(std::vector<point>(68)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(pixels_are_rounded_down_and_stay_square) {
  BOOST_CHECK(whole_pixels({10.9f, 20.9f, 110.1f, 120.1f}) == cv::Rect(10, 20, 100, 100));
  BOOST_CHECK(whole_pixels({-0.5f, 20.9f, 99.5f, 120.9f}) == cv::Rect(-1, 20, 100, 100));
}

BOOST_AUTO_TEST_CASE(box_of_328_pixels_is_cut_and_pasted_exactly) {
  const auto frame = noise(500, 400);
  const crop_box box{30, 40, 358, 368};
  const auto crop = cut(frame, box);
  BOOST_CHECK(same(crop, frame(cv::Rect(30, 40, 328, 328))));
  cv::Mat target(400, 500, CV_8UC3, cv::Scalar::all(0));
  paste(target, box, crop);
  BOOST_CHECK(same(target(cv::Rect(30, 40, 328, 328)), crop));
  BOOST_CHECK_EQUAL(cv::countNonZero(target.reshape(1)), cv::countNonZero(crop.reshape(1)));
}

BOOST_AUTO_TEST_CASE(other_sizes_are_resized_as_opencv_does) {
  const auto frame = noise(500, 400);
  cv::Mat cubic, linear;
  cv::resize(frame(cv::Rect(100, 50, 182, 182)), cubic, {328, 328}, 0, 0, cv::INTER_CUBIC);
  cv::resize(frame(cv::Rect(100, 50, 182, 182)), linear, {328, 328}, 0, 0, cv::INTER_LINEAR);
  BOOST_CHECK(same(cut(frame, {100, 50, 282, 232}), cubic));
  BOOST_CHECK(same(cut(frame, {100, 50, 282, 232}, cv::INTER_LINEAR), linear));
}

BOOST_AUTO_TEST_CASE(border_is_repeated_where_the_box_leaves_the_frame) {
  const auto frame = noise(400, 400);
  const auto crop = cut(frame, {-100, 150, 228, 478});
  BOOST_CHECK(same(crop(cv::Rect(100, 0, 228, 250)), frame(cv::Rect(0, 150, 228, 250))));
  for (const int x : {0, 50, 99}) BOOST_CHECK(crop.at<cv::Vec3b>(7, x) == frame.at<cv::Vec3b>(157, 0));
  BOOST_CHECK(crop.at<cv::Vec3b>(327, 200) == frame.at<cv::Vec3b>(399, 100));
}

BOOST_AUTO_TEST_CASE(paste_changes_only_the_part_inside_the_frame) {
  auto frame = noise(400, 400);
  const auto before = frame.clone();
  const auto crop = noise(328, 328, 2);
  paste(frame, {200, 200, 528, 528}, crop);
  BOOST_CHECK(same(frame(cv::Rect(200, 200, 200, 200)), crop(cv::Rect(0, 0, 200, 200))));
  BOOST_CHECK(same(frame(cv::Rect(0, 0, 400, 200)), before(cv::Rect(0, 0, 400, 200))));
  BOOST_CHECK(same(frame(cv::Rect(0, 0, 200, 400)), before(cv::Rect(0, 0, 200, 400))));
}

BOOST_AUTO_TEST_CASE(unusable_boxes_are_refused) {
  auto frame = noise(400, 300);
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const auto& box : {crop_box{500, 10, 600, 110}, crop_box{10, 10, 20, 20}, crop_box{50, 50, 10, 10}, crop_box{0, 0, 5000, 5000},
                          crop_box{nan, 0, 100, 100}, crop_box{0, 0, infinity, 100}, crop_box{-190, 0, 10, 200}}) {
    BOOST_CHECK(!is_usable(box, frame.size()));
    check_error([&] { cut(frame, box); }, "face box");
    check_error([&] { paste(frame, box, noise(328, 328)); }, "face box");
  }
}

BOOST_AUTO_TEST_CASE(masked_picture_is_black_in_columns_5_to_314_and_rows_5_to_309) {
  const cv::Mat white(320, 320, CV_8UC3, cv::Scalar::all(255));
  const auto m = masked(white);
  const auto at = [&](int x, int y) { return int(m.at<cv::Vec3b>(y, x)[0]); };
  BOOST_CHECK_EQUAL(at(5, 5), 0);
  BOOST_CHECK_EQUAL(at(314, 309), 0);
  for (const auto& [x, y] : {std::pair{4, 5}, {5, 4}, {315, 309}, {314, 310}}) BOOST_CHECK_EQUAL(at(x, y), 255);
  BOOST_CHECK_EQUAL(cv::countNonZero(m.reshape(1)), 3 * (320 * 320 - 310 * 305));
  BOOST_CHECK_EQUAL(cv::countNonZero(white.reshape(1)), 3 * 320 * 320);
}

BOOST_AUTO_TEST_CASE(planes_hold_blue_first_and_come_back) {
  const auto crop = noise(328, 328);
  const auto picture = inner(crop);
  std::vector<float> planes(3 * 320 * 320);
  to_planes(picture, planes.data());
  BOOST_CHECK_EQUAL(planes[7 * 320 + 9], float(crop.at<cv::Vec3b>(11, 13)[0]) / 255.f);
  BOOST_CHECK_EQUAL(planes[2 * 320 * 320 + 7 * 320 + 9], float(crop.at<cv::Vec3b>(11, 13)[2]) / 255.f);
  for (auto& v : planes) v += 0.5f / 255;
  cv::Mat back(320, 320, CV_8UC3);
  from_planes(planes.data(), back);
  BOOST_CHECK(same(back, picture));
}

BOOST_AUTO_TEST_CASE(planes_are_truncated_and_clamped) {
  const float values[] = {-1, 2, std::numeric_limits<float>::quiet_NaN(), 0.9999f, 0.5f, 1};
  cv::Mat out(1, 2, CV_8UC3);
  from_planes(values, out);
  const std::uint8_t wanted[] = {0, 0, 127, 255, 254, 255};
  BOOST_TEST(std::vector<std::uint8_t>(out.data, out.data + 6) == std::vector<std::uint8_t>(wanted, wanted + 6),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(landmark_files_keep_whole_numbers) {
  scratch_folder folder;
  auto points = face(10.9f, 200.2f, 30);
  points[0] = {-3.5f, 4};
  write_landmarks(folder / "0.lms", points);
  const auto read = read_landmarks(folder / "0.lms");
  BOOST_REQUIRE_EQUAL(read.size(), 110);
  BOOST_CHECK(read[0] == (point{-4, 4}));
  BOOST_CHECK_EQUAL(read[1].x, 10);
}

BOOST_AUTO_TEST_CASE(landmark_files_may_hold_decimals_and_blank_lines) {
  scratch_folder folder;
  std::string text = "\r\n";
  for (int i = 0; i < 98; ++i) text += std::to_string(i) + ".25  -" + std::to_string(i) + "e-1\r\n";
  spill(folder / "0.lms", text);
  const auto read = read_landmarks(folder / "0.lms");
  BOOST_REQUIRE_EQUAL(read.size(), 98);
  BOOST_CHECK(read[7] == (point{7.25f, -0.7f}));
}

BOOST_AUTO_TEST_CASE(hostile_landmark_files_are_refused) {
  scratch_folder folder;
  const auto lines = [](int count, const std::string& line) {
    std::string text;
    for (int i = 0; i < count; ++i) text += line + "\n";
    return text;
  };
  const auto refused = [&](const std::string& text, const std::string& why) {
    spill(folder / "0.lms", text);
    check_error([&] { read_landmarks(folder / "0.lms"); }, why);
  };
  refused("", "0 points");
  refused(lines(68, "1 2"), "68 points");
  refused(lines(98, "1 2 3"), "more than two");
  refused(lines(98, "1"), "no pair");
  refused(lines(98, "nan 1"), "no pair");
  refused(lines(98, "1e9 1"), "no pair");
  refused(lines(98, "abc def"), "no pair");
  refused(std::string(1000, '\0'), "no pair");
  refused(lines(100000, "1 2"), "larger");
  check_error([&] { read_landmarks(folder / "1.lms"); }, "no such file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace face_crop_suite
