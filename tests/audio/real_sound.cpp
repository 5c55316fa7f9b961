// Real recordings: lengths, exactness, and the spectrogram of a run of the reference system.
#include <viseme/audio/log_mel.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/io/npy.hpp>

#include "../environment.hpp"

namespace real_sound_suite {

using namespace viseme;

const auto run = viseme::tests::test_data() / "reference_run";
const auto speech = viseme::tests::test_data() / "speech";

BOOST_AUTO_TEST_SUITE(real_sound, *boost::unit_test::precondition(viseme::tests::needs("VISEME_TEST_DATA")))

BOOST_AUTO_TEST_CASE(lengths) {
  BOOST_TEST(audio::read_samples(speech / "talk_16k_mono_45s.wav").size() == 718147u);
  BOOST_TEST(audio::read_samples(speech / "chinese_24k_mono.wav").size() == 87552u);
  BOOST_TEST(audio::read_samples(speech / "german_48k_stereo_24bit.wav").size() == 149483u);
  BOOST_TEST(audio::read_samples(tests::test_data() / "clips/woman_close_25fps_512.mp4").size() == 128000u);
}

BOOST_AUTO_TEST_CASE(pictures_without_sound) { BOOST_CHECK_THROW(audio::read_samples(run / "frames_1280x720_25fps.mp4"), error); }

BOOST_AUTO_TEST_CASE(sixteen_bit_file_is_read_exactly) {
  const auto wave = io::read_npy(run / "wave_f32.npy").to_float(), read = audio::read_samples(run / "audio_16k.wav");
  BOOST_REQUIRE(read.size() == wave.size());
  for (std::size_t i = 0; i < wave.size(); ++i) BOOST_REQUIRE_SMALL(read[i] - wave[i], 0.51f / 32768);
}

BOOST_AUTO_TEST_CASE(reference_spectrogram) {
  const auto expected = io::read_npy(run / "log_mel.npy");
  const auto mel = audio::log_mel(io::read_npy(run / "wave_f32.npy").to_float());
  BOOST_REQUIRE((expected.sizes == std::vector<std::int64_t>{1674, 80}));
  BOOST_REQUIRE(mel.rows() == 1674);
  const auto values = expected.to_float();
  float worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) worst = std::max(worst, std::abs(values[i] - mel.values[i]));
  BOOST_TEST(worst <= 3e-5f, worst);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace real_sound_suite
