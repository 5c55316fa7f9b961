// Log-mel rows: their number, their independence of how the sound is cut, and known values.
#include <viseme/audio/log_mel.hpp>

#include <boost/test/unit_test.hpp>
#include <random>

namespace log_mel_suite {

using namespace viseme::audio;

std::vector<float> noise(std::size_t n) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> u(-0.5f, 0.5f);
  std::vector<float> v(n);
  for (auto& x : v) x = u(random);
  return v;
}

BOOST_AUTO_TEST_SUITE(log_mel)

BOOST_AUTO_TEST_CASE(rows_are_one_plus_samples_over_200) {
  for (const int n : {1, 199, 200, 399, 400, 401, 799, 800, 16000, 16123}) BOOST_TEST(viseme::audio::log_mel(noise(n)).rows() == 1 + n / 200);
  BOOST_TEST(viseme::audio::log_mel({}).rows() == 0);
}

BOOST_AUTO_TEST_CASE(silence_is_the_lowest_value) {
  const auto mel = viseme::audio::log_mel(std::vector<float>(4000, 0.f));
  for (const float v : mel.values) BOOST_TEST(v == -4.f);  // 20 log10(1e-5) - 20 = -120 decibels, clipped
}

BOOST_AUTO_TEST_CASE(a_tone_is_loudest_in_its_band) {
  std::vector<float> tone(8000);
  for (std::size_t i = 0; i < tone.size(); ++i) tone[i] = 0.5f * float(std::sin(2 * std::numbers::pi * 2000 * double(i) / 16000));
  const auto mel = viseme::audio::log_mel(tone);
  const auto row = mel.row(20);
  const auto loudest = std::max_element(row.begin(), row.end()) - row.begin();
  const auto& filter = mel_filterbank()[std::size_t(loudest)];
  BOOST_TEST(filter.first <= 100);  // 2000 Hz is bin 100
  BOOST_TEST(filter.first + int(filter.weights.size()) > 100);
}

BOOST_AUTO_TEST_CASE(streaming_gives_the_same_bits) {
  const auto sound = noise(40123);
  const auto whole = viseme::audio::log_mel(sound);
  for (const std::size_t piece : {1, 37, 200, 801, 16000}) {
    log_mel_stream stream;
    std::vector<float> rows;
    for (std::size_t at = 0; at < sound.size(); at += piece) {
      stream.push(std::span(sound).subspan(at, std::min(piece, sound.size() - at)));
      for (auto t = std::int64_t(rows.size() / mel_bands); t < stream.rows(); ++t)
        for (const double v : stream.row(t)) rows.push_back(float(v));
      stream.forget(stream.rows());
    }
    stream.finish();
    for (auto t = std::int64_t(rows.size() / mel_bands); t < stream.rows(); ++t)
      for (const double v : stream.row(t)) rows.push_back(float(v));
    BOOST_TEST((rows == whole.values));
  }
}

BOOST_AUTO_TEST_CASE(a_row_is_ready_400_samples_after_its_centre) {
  log_mel_stream stream;
  stream.push(std::vector<float>(399, 0.1f));
  BOOST_TEST(stream.rows() == 0);
  stream.push(std::vector<float>(1, 0.1f));
  BOOST_TEST(stream.rows() == 1);
}

BOOST_AUTO_TEST_CASE(rows_given_back_are_refused) {
  log_mel_stream stream;
  stream.push(std::vector<float>(400000, 0.f));
  stream.forget(1500);
  BOOST_CHECK_THROW(stream.row(1499), std::out_of_range);
  BOOST_TEST(stream.row(1500)[0] == -4.0);
  stream.finish();
  BOOST_CHECK_THROW(stream.push(std::vector<float>(1)), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace log_mel_suite
