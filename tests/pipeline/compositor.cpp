#include <boost/test/unit_test.hpp>
#include <opencv2/core.hpp>
#include <vector>

#include <viseme/render/compositor.hpp>

namespace compositor_suite {

using namespace viseme;
using render::blend_rule;

cv::Mat noise(int rows, int columns) {
  cv::Mat picture(rows, columns, CV_8UC3);
  cv::RNG random(7);
  random.fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

/// Blends a picture of one value over `box`; the frame before and after.
std::pair<cv::Mat, cv::Mat> blended(blend_rule rule, const media::crop_box& box, float value) {
  const auto before = noise(300, 400);
  auto after = before.clone();
  render::compositor compositor(rule);
  std::vector<float> image(2 * media::picture_size), output(media::picture_size, value);
  compositor.read(after, box, image);
  BOOST_REQUIRE(cv::norm(before, after, cv::NORM_INF) == 0);
  compositor.blend(after, box, output);
  return {before, after};
}

BOOST_AUTO_TEST_SUITE(compositor)

BOOST_AUTO_TEST_CASE(no_pixel_outside_the_box_changes) {
  for (const auto rule : {blend_rule::feather, blend_rule::reference})
    for (const media::crop_box box : {media::crop_box{100, 50, 220, 170}, {-20, 40, 130, 190}, {250, 200, 390, 340}}) {
      auto [before, after] = blended(rule, box, 0.5f);
      const auto inside = media::whole_pixels(box) & cv::Rect({}, before.size());
      BOOST_TEST(cv::norm(before(inside), after(inside), cv::NORM_INF) > 50);
      after(inside).copyTo(before(inside));
      BOOST_TEST(cv::norm(before, after, cv::NORM_INF) == 0);
    }
}

BOOST_AUTO_TEST_CASE(feather_leaves_the_rim_and_fills_the_middle) {
  const media::crop_box box{40, -20, 368, 308};  // 328 pixels: no resampling
  const auto [before, after] = blended(blend_rule::feather, box, 0.4f);
  const auto mask = media::mask_rectangle + cv::Point(40 + media::margin, -20 + media::margin);
  for (int y = 0; y < 300; ++y)
    for (int x = 0; x < 400; ++x) {
      const int depth = std::min(std::min(x - mask.x, mask.br().x - 1 - x), std::min(y - mask.y, mask.br().y - 1 - y));
      if (depth < 0) BOOST_REQUIRE(before.at<cv::Vec3b>(y, x) == after.at<cv::Vec3b>(y, x));
      if (depth >= 12) BOOST_REQUIRE(after.at<cv::Vec3b>(y, x) == cv::Vec3b(102, 102, 102));
    }
}

BOOST_AUTO_TEST_CASE(drawing_what_is_there_changes_nothing) {
  const auto before = noise(400, 400);
  auto after = before.clone();
  const media::crop_box box{20, 30, 348, 358};
  render::compositor compositor(blend_rule::feather);
  std::vector<float> image(2 * media::picture_size);
  compositor.read(after, box, image);
  compositor.blend(after, box, std::span(image).first(media::picture_size));
  BOOST_TEST(cv::norm(before, after, cv::NORM_INF) == 0);
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_clamped) {
  const media::crop_box box{40, -20, 368, 308};
  const auto high = blended(blend_rule::feather, box, 1.7f).second, low = blended(blend_rule::feather, box, -0.3f).second;
  BOOST_TEST((high.at<cv::Vec3b>(140, 200) == cv::Vec3b(255, 255, 255)));
  BOOST_TEST((low.at<cv::Vec3b>(140, 200) == cv::Vec3b(0, 0, 0)));
}

BOOST_AUTO_TEST_CASE(the_mask_is_black_in_the_second_picture_only) {
  const auto frame = noise(300, 400);
  render::compositor compositor(blend_rule::feather);
  std::vector<float> image(2 * media::picture_size, -1);
  compositor.read(frame, {40, 20, 240, 220}, image);
  const auto at = [&](int plane, int x, int y) { return image[(std::size_t(plane) * 320 + std::size_t(y)) * 320 + std::size_t(x)]; };
  for (int c = 0; c < 3; ++c) {
    BOOST_TEST(at(c, 160, 160) > 0);
    BOOST_TEST(at(3 + c, 160, 160) == 0);
    BOOST_TEST(at(3 + c, 5, 5) == 0);
    BOOST_TEST(at(3 + c, 314, 309) == 0);
    BOOST_TEST(at(c, 4, 4) == at(3 + c, 4, 4));
    BOOST_TEST(at(c, 315, 310) == at(3 + c, 315, 310));
  }
}

BOOST_AUTO_TEST_CASE(rules_are_named) {
  BOOST_TEST((render::parse_blend("reference") == blend_rule::reference));
  BOOST_CHECK_THROW(render::parse_blend("soft"), error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace compositor_suite
