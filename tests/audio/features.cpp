// Feature rows: kinds, windows at the edges, times at other rates, files, and the mel rule.
#include <viseme/audio/features.hpp>
#include <viseme/audio/mel_windows.hpp>

#include <boost/test/unit_test.hpp>
#include <limits>

#include <unistd.h>

namespace features_suite {

using namespace viseme;
using namespace viseme::audio;
using boost::test_tools::per_element;
using rows16 = std::array<std::int64_t, 16>;

struct temporary_file {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("viseme-features-" + std::to_string(::getpid()) + ".npy");
  ~temporary_file() { std::filesystem::remove(path); }
};
feature_rows counting(feature_kind kind, int rows) {
  feature_rows f{kind, {25, 1}, std::vector<float>(std::size_t(rows) * std::size_t(row_length(kind)))};
  for (std::size_t i = 0; i < f.data.size(); ++i) f.data[i] = float(i / std::size_t(f.length()));
  return f;
}
std::vector<float> sweep(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = 0.4f * float(std::sin(1e-5 * double(i) * double(i)));
  return v;
}

BOOST_AUTO_TEST_SUITE(features)

BOOST_AUTO_TEST_CASE(kinds) {
  for (const auto kind : feature_kinds) {
    BOOST_TEST((parse_feature_kind(name(kind)) == kind));
    BOOST_TEST(window_shape(kind).count() == std::size_t(16 * row_length(kind)));
  }
  BOOST_CHECK_THROW(parse_feature_kind("mfcc"), error);
}

BOOST_AUTO_TEST_CASE(window_in_the_middle) {
  BOOST_TEST((window_at(20, 100) == rows16{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27}));
}

BOOST_AUTO_TEST_CASE(edges_repeat_the_edge_row) {
  BOOST_TEST((window_at(2, 100) == rows16{0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  BOOST_TEST((window_at(98, 100) == rows16{90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 99, 99, 99, 99, 99, 99}));
  BOOST_TEST((window_at(0, 1) == rows16{}));
}

BOOST_AUTO_TEST_CASE(look_ahead_repeats_its_last_row) {
  BOOST_TEST((window_at(20, 100, 2) == rows16{12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 22, 22, 22, 22, 22}));
  BOOST_TEST((window_at(20, 100, 0)[15] == 20));
  BOOST_CHECK_THROW(window_at(0, 10, 8), std::logic_error);
}

BOOST_AUTO_TEST_CASE(reference_rule_in_training_puts_zeros) {
  const auto left = window_at(2, 100, 7, window_rule::reference_training), right = window_at(95, 100, 7, window_rule::reference_training);
  BOOST_TEST((left == rows16{-1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  BOOST_TEST((right == rows16{87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, -1, -1, -1}));
}

BOOST_AUTO_TEST_CASE(reference_rule_in_rendering_freezes_the_last_seven_frames) {
  const auto rule = window_rule::reference_rendering;
  BOOST_TEST((window_at(0, 100, 7, rule) == rows16{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7}));
  BOOST_TEST((window_at(92, 100, 7, rule) == window_at(92, 100)));
  rows16 last;
  last.fill(99);
  BOOST_TEST((window_at(93, 100, 7, rule) == last));
}

BOOST_AUTO_TEST_CASE(gather_copies_rows) {
  const auto f = counting(feature_kind::ave, 30);
  std::vector<float> out(16 * 512);
  gather(f, window_at(3, 30, 7, window_rule::reference_training), out);
  BOOST_TEST(out[0] == 0.f);
  BOOST_TEST(out[15 * 512 + 511] == 10.f);
  BOOST_CHECK_THROW(gather(f, window_at(3, 30), std::span(out).first(100)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(rows_in_time_do_not_drift) {
  BOOST_TEST(row_at(7, {25, 1}, {25, 1}) == 7);
  BOOST_TEST(row_at(29, {30, 1}, {25, 1}) == 24);
  BOOST_TEST(row_at(30, {30, 1}, {25, 1}) == 25);
  BOOST_TEST(row_at(2'000'000'000, {30000, 1001}, {25, 1}) == 2'000'000'000LL * 25 * 1001 / 30000);
}

BOOST_AUTO_TEST_CASE(other_rate) {
  const auto f = at_rate(counting(feature_kind::mel, 50), {50, 1}, 104);
  BOOST_TEST(f.rows() == 104);
  BOOST_TEST(f.row(1)[0] == 0.f);
  BOOST_TEST(f.row(2)[0] == 1.f);
  BOOST_TEST(f.row(103)[0] == 49.f);
}

BOOST_AUTO_TEST_CASE(files_round_trip) {
  temporary_file file;
  for (const auto kind : feature_kinds) {
    const auto written = counting(kind, 9);
    write_features(file.path, written);
    BOOST_TEST((read_features(file.path, kind, {25, 1}, 11).data == written.data));
    BOOST_CHECK_THROW(read_features(file.path, kind, {25, 1}, 12), error);
    BOOST_CHECK_THROW(read_features(file.path, kind == feature_kind::mel ? feature_kind::hubert : feature_kind::mel, {25, 1}, kind == feature_kind::ave ? 99 : 9), error);
  }
}

BOOST_AUTO_TEST_CASE(files_with_wrong_contents) {
  temporary_file file;
  auto f = counting(feature_kind::mel, 3);
  f.data[600] = std::numeric_limits<float>::quiet_NaN();
  write_features(file.path, f);
  BOOST_CHECK_THROW(read_features(file.path, feature_kind::mel, {25, 1}), error);
  io::write_npy(file.path, io::array::of(std::vector<std::int32_t>(1024), {2, 512}));
  BOOST_CHECK_THROW(read_features(file.path, feature_kind::mel, {25, 1}), error);
  io::write_npy(file.path, io::array::of(std::vector<float>(512), {512}));
  BOOST_CHECK_THROW(read_features(file.path, feature_kind::mel, {25, 1}), error);
  io::write_npy(file.path, io::array::of(std::vector<float>{}, {0, 512}));
  BOOST_CHECK_THROW(read_features(file.path, feature_kind::mel, {25, 1}), error);
}

BOOST_AUTO_TEST_CASE(windows_start_80_rows_a_second) {
  BOOST_TEST(mel_window_start(0, {25, 1}) == 0);
  BOOST_TEST(mel_window_start(1, {25, 1}) == 0);
  BOOST_TEST(mel_window_start(2, {25, 1}) == 3);
  BOOST_TEST(mel_window_start(6, {25, 1}) == 16);
  BOOST_TEST(mel_window_start(30001, {30000, 1001}) == 80080);
}

BOOST_AUTO_TEST_CASE(rows_are_the_samples_length_rounded_up) {
  for (const rational fps : {rational{25, 1}, rational{30000, 1001}, rational{60, 1}, rational{2, 1}})
    for (const std::int64_t n : {1, 639, 640, 641, 15999, 16000, 16001, 50000}) {
      const auto rows = mel_features(sweep(std::size_t(n)), fps).rows();
      BOOST_TEST(rows == (n * fps.num + 16000 * fps.den - 1) / (16000 * fps.den));
    }
}

BOOST_AUTO_TEST_CASE(pooling_follows_its_formula) {
  const auto sound = sweep(20000);
  const auto mel = log_mel(sound);
  const auto f = mel_features(sound, {25, 1});
  for (const int i : {0, 1, 2, 13, 28, 31})
    for (int t = 0; t < 16; ++t) {
      const auto bands = mel.row(std::min(int(mel_window_start(i, {25, 1})) + t, mel.rows() - 1));
      for (int k = 0; k < 32; ++k) {
        double sum = 0;
        for (int b = 0; b < 80; ++b) sum += bands[b] * std::max(0.0, std::min(b + 1.0, 2.5 * k + 2.5) - std::max(b + 0.0, 2.5 * k));
        BOOST_REQUIRE_SMALL(f.row(i)[t * 32 + k] - sum / 2.5, 1e-6);
      }
    }
}

BOOST_AUTO_TEST_CASE(streaming_windows_are_the_same) {
  const auto sound = sweep(30000);
  const auto whole = mel_features(sound, {25, 1});
  mel_windows windows({25, 1});
  std::vector<float> rows, row(512), window(1280), input(1280);
  for (std::size_t at = 0; at < sound.size(); at += 333) {
    windows.push(std::span(sound).subspan(at, std::min<std::size_t>(333, sound.size() - at)));
    for (auto i = std::int64_t(rows.size() / 512); i < windows.rows(); ++i) windows.mel_feature(i, row), rows.insert(rows.end(), row.begin(), row.end());
  }
  windows.finish();
  for (auto i = std::int64_t(rows.size() / 512); i < windows.rows(); ++i) windows.mel_feature(i, row), rows.insert(rows.end(), row.begin(), row.end());
  BOOST_TEST((rows == whole.data));
  windows.mel_window(9, window);
  windows.encoder_input(9, input);
  for (int t = 0; t < 16; ++t)
    for (int b = 0; b < 80; ++b) BOOST_REQUIRE(window[std::size_t(t * 80 + b)] == input[std::size_t(b * 16 + t)]);
  BOOST_CHECK_THROW(windows.mel_feature(windows.rows(), row), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace features_suite
