// Real clips: numbers of pictures at their own and at constant rates, as ffprobe and FFmpeg's fps filter count them.
#include <viseme/media/decoder.hpp>

#include "../environment.hpp"

namespace decoder_clips_suite {

using namespace viseme;

const auto clips = viseme::tests::test_data() / "clips";

void check(const std::filesystem::path& path, std::optional<rational> rate, std::int64_t frames) {
  media::decoder d(path, rate);
  cv::Mat m;
  while (d.next(m)) BOOST_REQUIRE(m.cols == d.info().width && m.rows == d.info().height);
  BOOST_TEST(d.index() + 1 == frames);
  BOOST_TEST(!d.truncated());
}

BOOST_AUTO_TEST_SUITE(decoder_clips, *boost::unit_test::precondition(viseme::tests::needs("VISEME_TEST_DATA")))

BOOST_AUTO_TEST_CASE(own_rates) {
  check(clips / "man_kitchen_25fps_1080x1920.mp4", {}, 502);
  check(clips / "woman_close_25fps_512.mp4", {}, 200);
  check(clips / "face_vfr_700.mp4", {}, 135);
  check(viseme::tests::test_data() / "reference_run/frames_1280x720_25fps.mp4", {}, 523);
}

BOOST_AUTO_TEST_CASE(variable_to_constant_as_ffmpeg) {
  check(clips / "face_vfr_700.mp4", rational{25, 1}, 152);
  check(clips / "face_vfr_700.mp4", rational{30000, 1001}, 182);
  check(clips / "face_vfr_700.mp4", rational{60, 1}, 364);
  check(clips / "woman_close_25fps_512.mp4", rational{30000, 1001}, 240);
}

BOOST_AUTO_TEST_CASE(thirty_to_twenty_five) { check(clips / "man_grey_30fps_1080x1920.mp4", rational{25, 1}, 500); }

BOOST_AUTO_TEST_CASE(variable_rate_is_seen) {
  const media::decoder d(clips / "face_vfr_700.mp4");
  BOOST_TEST(!d.info().constant_rate);
  BOOST_TEST((d.info().rate == rational{1350, 61}));
  BOOST_TEST(d.info().has_audio);
  BOOST_TEST(d.info().start == 0.033, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace decoder_clips_suite
