// The drawn person: what the truth says, the pictures show.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <vector>

#include <viseme/demo/drawn_person.hpp>
#include <viseme/demo/mouth_opening.hpp>
#include <viseme/demo/speech_motion.hpp>

namespace drawn_person_suite {

using namespace viseme;
using namespace viseme::demo;

constexpr rational fps{25, 1};

/// Babble: syllables of vowel-like sound, harmonics of 110 Hz under two formants that change with each syllable, a pause in every fifth.
std::vector<float> babble(double seconds, double gain = 0.2) {
  std::vector<float> out(std::size_t(seconds * 16000));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = double(i) / 16000, length = 0.22;
    const auto syllable = std::uint64_t(t / length);
    if (syllable % 5 == 4) continue;
    const double first = uniform(3, syllable, 300, 900), second = uniform(4, syllable, 800, 2400),
                 loud = std::sin(std::numbers::pi * (t / length - double(syllable)));
    double y = 0;
    for (int h = 1; h <= 30; ++h) {
      const double hz = 110.0 * h, a = (hz - first) / 120, b = (hz - second) / 200;
      y += (1 / (1 + a * a) + 0.4 / (1 + b * b)) * std::sin(2 * std::numbers::pi * hz * t);
    }
    out[i] = float(gain * 0.4 * loud * y);
  }
  return out;
}

std::vector<double> openings(const std::vector<mouth_state>& motion) {
  std::vector<double> out;
  for (const auto& m : motion) out.push_back(m.opening);
  return out;
}

/// Correlation of truth and measure over six seconds, after `change` of every picture.
template <class F>
double measured_against_truth(std::uint64_t seed, F change) {
  const drawn_person person(seed);
  const auto motion = speech_motion(babble(6), fps);
  std::vector<double> truth, measured;
  for (std::size_t k = 0; k < motion.size(); k += 3) {
    const auto t = person.truth(double(k) / 25, motion[k]);
    truth.push_back(t.opening_pixels);
    measured.push_back(measure_mouth_opening(change(person.draw(t, k)), t.mouth_box));
  }
  const double r = pearson(truth, measured);
  BOOST_TEST_MESSAGE("seed " << seed << ": correlation " << r);
  return r;
}

bool same(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF) == 0; }

BOOST_AUTO_TEST_SUITE(drawn_person)

BOOST_AUTO_TEST_CASE(a_seed_fixes_every_byte) {
  const demo::drawn_person a(7), b(7);
  const auto t = a.truth(1.3, {0.5, 0.2});
  BOOST_TEST(same(a.draw(t, 33), b.draw(b.truth(1.3, {0.5, 0.2}), 33)));
  BOOST_TEST(!same(a.draw(t, 33), a.draw(t, 34)));
}

BOOST_AUTO_TEST_CASE(other_seeds_are_other_people) {
  const demo::drawn_person a(1), b(2);
  const auto ta = a.truth(1, {}), tb = b.truth(1, {});
  BOOST_TEST(!same(a.draw(ta, 0), b.draw(tb, 0)));
  BOOST_TEST(std::abs(ta.points[96].x - tb.points[96].x) > 0.1);
}

BOOST_AUTO_TEST_CASE(points_and_crop_stay_in_the_picture) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const demo::drawn_person person(seed);
    for (double t = 0; t < 60; t += 0.7) {
      for (const double opening : {0.0, 1.0}) {
        const auto truth = person.truth(t, {opening, opening - 0.5});
        for (const auto& p : truth.points) BOOST_REQUIRE(p.x > 0 && p.y > 0 && p.x < person.width && p.y < person.height);
        const double left = truth.points[1].x, right = truth.points[31].x, top = truth.points[52].y, bottom = top + right - left;
        BOOST_REQUIRE(left >= 0 && right <= person.width && top >= 0 && bottom <= person.height);
        BOOST_REQUIRE(right - left > 215 && right - left < 265);
        const double inset = 0.05 * (right - left);
        for (int i = 90; i < 110; ++i)
          BOOST_REQUIRE(truth.points[i].x > left + inset && truth.points[i].x < right - inset && truth.points[i].y > top + inset &&
                        truth.points[i].y < bottom - inset);
        BOOST_REQUIRE(truth.points[16].y < bottom);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_box_holds_the_inner_mouth) {
  const demo::drawn_person person(3);
  for (double t = 0; t < 30; t += 0.9) {
    const auto truth = person.truth(t, {1, 0});
    const auto box = truth.mouth_box;
    for (const int i : {103, 104, 105, 107, 108, 109}) BOOST_REQUIRE(box.contains({truth.points[i].x, truth.points[i].y}));
    BOOST_REQUIRE_CLOSE(std::hypot(truth.points[104].x - truth.points[108].x, truth.points[104].y - truth.points[108].y),
                        truth.opening_pixels, 8.0);
  }
}

BOOST_AUTO_TEST_CASE(points_follow_the_jaw_and_the_pose) {
  const demo::drawn_person person(5);
  const auto closed = person.truth(2, {0, 0}), open = person.truth(2, {1, 0});
  BOOST_TEST(open.points[16].y - closed.points[16].y > 12);
  BOOST_TEST(std::abs(open.points[1].x - closed.points[1].x) < 1e-6);
  BOOST_TEST(std::abs(open.points[52].y - closed.points[52].y) < 1e-6);
  BOOST_TEST(closed.opening_pixels == 0);
}

BOOST_AUTO_TEST_CASE(a_drawn_iris_lies_where_its_points_say) {
  const demo::drawn_person person(2);
  const auto truth = person.truth(0, {});
  BOOST_REQUIRE(truth.state.blink == 0);
  const auto picture = person.draw(truth, 0);
  for (const int i : {74, 86}) {
    const auto pixel = picture.at<cv::Vec3b>(int(std::lround(truth.points[i].y)), int(std::lround(truth.points[i].x)));
    BOOST_TEST(int(pixel[0]) + pixel[1] + pixel[2] < 120);
  }
}

BOOST_AUTO_TEST_CASE(the_mouth_is_shut_in_silence) {
  std::vector<float> quiet(16000 * 2);
  for (std::size_t i = 0; i < quiet.size(); ++i) quiet[i] = float(1e-4 * uniform(1, i, -1, 1));
  for (const auto& m : speech_motion(quiet, fps)) {
    BOOST_TEST(m.opening == 0);
    BOOST_TEST(m.rounding == 0);
  }
  BOOST_TEST(speech_motion({}, fps).empty());
}

BOOST_AUTO_TEST_CASE(one_frame_covers_each_part_of_a_frame) {
  BOOST_TEST(speech_motion(std::vector<float>(16000), fps).size() == 25u);
  BOOST_TEST(speech_motion(std::vector<float>(16001), fps).size() == 26u);
  BOOST_TEST(speech_motion(std::vector<float>(16000), {30000, 1001}).size() == 30u);
}

BOOST_AUTO_TEST_CASE(speech_moves_the_mouth_at_the_rate_of_syllables) {
  const auto o = openings(speech_motion(babble(20), fps));
  const std::set<int> levels = [&] {
    std::set<int> s;
    for (const double x : o) s.insert(int(x * 10));
    return s;
  }();
  BOOST_TEST(levels.size() >= 8u);
  const std::vector<double> now(o.begin(), o.end() - 8), next(o.begin() + 1, o.end() - 7), later(o.begin() + 6, o.end() - 2);
  BOOST_TEST(pearson(now, next) > 0.6);
  BOOST_TEST(std::abs(pearson(now, later)) < 0.4);
}

BOOST_AUTO_TEST_CASE(loudness_hardly_matters) {
  const auto middle = openings(speech_motion(babble(10), fps));
  for (const double gain : {0.1, 0.4}) BOOST_TEST(pearson(middle, openings(speech_motion(babble(10, gain), fps))) > 0.95);
}

BOOST_AUTO_TEST_CASE(a_frame_hears_only_what_is_near) {
  auto sound = babble(4);
  const auto before = speech_motion(sound, fps);
  for (std::size_t i = 16000 * 2; i < sound.size(); ++i) sound[i] = 0;
  const auto after = speech_motion(sound, fps);
  for (std::size_t k = 0; k < 50 - 4; ++k) BOOST_TEST(before[k].opening == after[k].opening);
}

BOOST_AUTO_TEST_CASE(measured_opening_follows_the_truth) {
  for (const std::uint64_t seed : {1, 2, 3}) BOOST_TEST(measured_against_truth(seed, [](const cv::Mat& m) { return m; }) > 0.97);
}

BOOST_AUTO_TEST_CASE(measured_opening_survives_jpeg_and_blur) {
  const auto worse = [](const cv::Mat& m) {
    std::vector<uchar> bytes;
    cv::imencode(".jpg", m, bytes, {cv::IMWRITE_JPEG_QUALITY, 75});
    cv::Mat out;
    cv::GaussianBlur(cv::imdecode(bytes, cv::IMREAD_COLOR), out, {}, 1.5);
    return out;
  };
  BOOST_TEST(measured_against_truth(1, worse) > 0.97);
  BOOST_TEST(measured_against_truth(6, worse) > 0.97);
}

BOOST_AUTO_TEST_CASE(correlation_is_that_of_pearson) {
  const std::vector<double> a{1, 2, 3, 4}, b{2, 4, 6, 8}, c{4, 3, 2, 1}, flat{5, 5, 5, 5};
  BOOST_TEST(pearson(a, b) == 1.0);
  BOOST_TEST(pearson(a, c) == -1.0);
  BOOST_TEST(pearson(a, flat) == 0.0);
  BOOST_CHECK_THROW(pearson(a, std::vector<double>{1}), viseme::error);
}

BOOST_AUTO_TEST_CASE(a_box_outside_is_refused) {
  BOOST_CHECK_THROW(measure_mouth_opening(cv::Mat(50, 50, CV_8UC3), {60, 60, 20, 20}), viseme::error);
  BOOST_CHECK_THROW(measure_mouth_opening(cv::Mat(50, 50, CV_8UC3), {std::nan(""), 0, 20, 20}), viseme::error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawn_person_suite
