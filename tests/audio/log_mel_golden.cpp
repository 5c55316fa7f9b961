// The log-mel rule against numbers computed by NumPy in float64.
#include <viseme/audio/log_mel.hpp>
#include <viseme/io/npy.hpp>

#include "../environment.hpp"

namespace log_mel_golden_suite {

namespace audio = viseme::audio;

BOOST_AUTO_TEST_SUITE(log_mel_golden, *boost::unit_test::precondition(viseme::tests::needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(spectrogram) {
  const auto file = viseme::io::read_npz(viseme::tests::golden() / "log_mel.npz");
  const auto wave = file.at("wave").to_float(), expected = file.at("mel").to_float();  // (80, T)
  const auto mel = audio::log_mel(wave);
  const auto rows = std::size_t(file.at("mel").sizes.at(1));
  BOOST_REQUIRE(std::size_t(mel.rows()) == rows);
  float worst = 0;
  for (std::size_t t = 0; t < rows; ++t)
    for (std::size_t b = 0; b < 80; ++b) worst = std::max(worst, std::abs(mel.values[t * 80 + b] - expected[b * rows + t]));
  BOOST_TEST_MESSAGE("largest difference " << worst);
  BOOST_TEST(worst <= 1e-6f);
}

BOOST_AUTO_TEST_CASE(filterbank) {
  const auto file = viseme::io::read_npz(viseme::tests::golden() / "log_mel.npz");
  const auto expected = file.at("filterbank").to_float();  // (80, 401)
  for (std::size_t b = 0; b < 80; ++b) {
    const auto& filter = audio::mel_filterbank()[b];
    for (int f = 0; f <= 400; ++f) {
      const int k = f - filter.first;
      const double weight = k >= 0 && k < int(filter.weights.size()) ? filter.weights[std::size_t(k)] : 0;
      BOOST_REQUIRE_SMALL(weight - double(expected[b * 401 + std::size_t(f)]), 1e-8);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace log_mel_golden_suite
