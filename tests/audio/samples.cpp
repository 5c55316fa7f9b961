// Sound files made here: exact where nothing is converted, right in level and time where something is, and refused when broken.
#include <viseme/audio/samples.hpp>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include <unistd.h>

namespace samples_suite {

using namespace viseme;
using namespace viseme::audio;

struct temporary_folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("viseme-samples-" + std::to_string(::getpid()));
  temporary_folder() { std::filesystem::create_directories(path); }
  ~temporary_folder() { std::filesystem::remove_all(path); }
};
std::vector<float> tone(double hz, double rate, std::size_t n, int channels = 1) {
  std::vector<float> v;
  for (std::size_t i = 0; i < n; ++i)
    for (int c = 0; c < channels; ++c) v.push_back(float((c + 1) * 0.2 * std::sin(2 * std::numbers::pi * hz * double(i) / rate)));
  return v;
}
void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

BOOST_AUTO_TEST_SUITE(samples)

BOOST_AUTO_TEST_CASE(wav_round_trip_is_exact) {
  temporary_folder folder;
  std::vector<float> v;
  for (int i = -32768; i < 32768; i += 7) v.push_back(float(i) / 32768);
  write_wav(folder.path / "a:b.wav", v);  // a colon is no protocol
  BOOST_TEST((read_samples(folder.path / "a:b.wav") == v));
}

BOOST_AUTO_TEST_CASE(wav_clips_and_rounds) {
  temporary_folder folder;
  write_wav(folder.path / "a.wav", std::vector<float>{2.f, -2.f, 0.4f / 32768, 0.6f / 32768});
  BOOST_TEST((read_samples(folder.path / "a.wav") == std::vector<float>{32767.f / 32768, -1.f, 0.f, 1.f / 32768}));
}

BOOST_AUTO_TEST_CASE(resampling_keeps_tone_level_and_time) {
  for (const int rate : {8000, 22050, 44100, 48000, 96000}) {
    resampler r(rate, 2);
    std::vector<float> out;
    r.push(tone(1000, rate, std::size_t(rate), 2), out);
    r.finish(out);
    BOOST_TEST(std::abs(int(out.size()) - 16000) <= 1);
    double worst = 0;  // the mean of 0.2 and 0.4
    for (std::size_t i = 500; i < 15500; ++i) worst = std::max(worst, std::abs(out[i] - 0.3 * std::sin(2 * std::numbers::pi * 1000 * double(i) / 16000)));
    BOOST_TEST(worst < 2e-4, rate << " Hz: " << worst);
  }
}

BOOST_AUTO_TEST_CASE(resampling_does_not_depend_on_the_pieces) {
  const auto sound = tone(440, 44100, 50000);
  std::vector<float> whole, pieces;
  resampler a(44100, 1), b(44100, 1);
  a.push(sound, whole);
  a.finish(whole);
  for (std::size_t at = 0; at < sound.size(); at += 441) b.push(std::span(sound).subspan(at, std::min<std::size_t>(441, sound.size() - at)), pieces);
  b.finish(pieces);
  BOOST_TEST((whole == pieces));
}

BOOST_AUTO_TEST_CASE(high_tones_do_not_alias) {
  resampler r(48000, 1);
  std::vector<float> out;
  r.push(tone(9000, 48000, 48000), out);
  r.finish(out);
  float loudest = 0;
  for (std::size_t i = 500; i < 15500; ++i) loudest = std::max(loudest, std::abs(out[i]));
  BOOST_TEST(loudest < 1e-3f);
}

BOOST_AUTO_TEST_CASE(from_cuts_or_pads) {
  temporary_folder folder;
  const auto path = folder.path / "a.wav";
  write_wav(path, std::vector<float>(1600, 0.5f));
  const auto later = read_samples(path, 0.05), earlier = read_samples(path, -0.05);
  BOOST_TEST(later.size() == 800u);
  BOOST_TEST(earlier.size() == 2400u);
  BOOST_TEST(earlier[799] == 0.f);
  BOOST_TEST(earlier[800] == 0.5f);
}

BOOST_AUTO_TEST_CASE(broken_files_are_refused) {
  temporary_folder folder;
  BOOST_CHECK_THROW(read_samples(folder.path / "none.wav"), error);
  BOOST_CHECK_THROW(read_samples(folder.path), error);
  write_text(folder.path / "empty.wav", "");
  BOOST_CHECK_THROW(read_samples(folder.path / "empty.wav"), error);
  write_text(folder.path / "text.wav", "this is no sound at all, only some words\n");
  BOOST_CHECK_THROW(read_samples(folder.path / "text.wav"), error);
  write_text(folder.path / "list.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/hostname\n#EXT-X-ENDLIST\n");
  BOOST_CHECK_THROW(read_samples(folder.path / "list.m3u8"), error);
  write_wav(folder.path / "no_samples.wav", {});
  BOOST_CHECK_THROW(read_samples(folder.path / "no_samples.wav"), error);
  write_wav(folder.path / "cut.wav", std::vector<float>(16000, 0.1f));
  std::filesystem::resize_file(folder.path / "cut.wav", 20000);
  BOOST_CHECK_THROW(read_samples(folder.path / "cut.wav"), error);
  BOOST_CHECK_THROW(resampler(0, 1), error);
  BOOST_CHECK_THROW(resampler(16000, 0), error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace samples_suite
