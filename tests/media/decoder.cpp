// Videos made here and read at their own and at other rates; broken ones; rotated ones.
#include <viseme/media/decoder.hpp>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "clip.hpp"

namespace decoder_suite {

using namespace viseme;
using namespace viseme::tests;

int count(media::decoder& d) {
  cv::Mat m;
  int n = 0;
  while (d.next(m)) ++n;
  return n;
}
/// Number of a picture, from its grey level.
int number(const cv::Mat& m) {
  const auto at_0 = cv::mean(picture(0, m.cols, m.rows)), now = cv::mean(m);
  return int(std::lround((now[0] + now[1] + now[2] - at_0[0] - at_0[1] - at_0[2]) / 6));
}

BOOST_AUTO_TEST_SUITE(decoder)

BOOST_AUTO_TEST_CASE(facts) {
  temporary_folder folder("decoder");
  media::decoder d(make_clip(folder.path / "a.mp4", 30, small_clip(64, 48, {30000, 1001})));
  BOOST_TEST(d.info().width == 64);
  BOOST_TEST(d.info().height == 48);
  BOOST_TEST((d.info().rate == rational{30000, 1001}));
  BOOST_TEST(d.info().frames == 30);
  BOOST_TEST(d.info().seconds == 1.001, boost::test_tools::tolerance(1e-3));
  BOOST_TEST(d.info().constant_rate);
  BOOST_TEST(!d.info().has_audio);
  BOOST_TEST(d.index() == -1);
  BOOST_TEST(count(d) == 30);
  BOOST_TEST(d.index() == 29);
}

BOOST_AUTO_TEST_CASE(a_gpu_or_what_takes_its_place_decodes_the_same_pictures) {
  temporary_folder folder("decoder");
  for (const auto* name : {"a.mp4", "a.webm"}) {
    const auto path = make_clip(folder.path / name, 12, small_clip(256, 200));
    media::decoder on_cpu(path), on_gpu(path, {}, 1, media::av::decoding::gpu);
    cv::Mat a, b;
    int k = 0;
    for (; on_cpu.next(a); ++k) {
      BOOST_REQUIRE(on_gpu.next(b));
      BOOST_TEST(cv::norm(a, b, cv::NORM_INF) <= 1);
    }
    BOOST_TEST(k == 12);
    BOOST_TEST(!on_gpu.next(b));
    BOOST_TEST(!on_gpu.truncated());
  }
}

BOOST_AUTO_TEST_CASE(constant_rate_shows_the_picture_of_its_time) {
  temporary_folder folder("decoder");
  const auto path = make_clip(folder.path / "a.mp4", 60, small_clip(64, 48, {30, 1}));
  for (const rational rate : {rational{25, 1}, rational{60, 1}, rational{30000, 1001}, rational{10, 1}}) {
    media::decoder d(path, rate);
    cv::Mat m;
    while (d.next(m)) {
      // The last picture n with round(n / 30 x rate) <= k.
      int expected = 0;
      while (expected < 59 && std::floor((expected + 1) * rate.value() / 30 + 0.5 + 1e-9) <= double(d.index())) ++expected;
      BOOST_TEST(number(m) == expected, viseme::text(rate) << " picture " << d.index() << " shows " << number(m) << ", not " << expected);
    }
    BOOST_TEST(d.index() + 1 == std::llround(2 * rate.value()));
  }
}

BOOST_AUTO_TEST_CASE(one_picture_is_a_video) {
  temporary_folder folder("decoder");
  const auto path = make_clip(folder.path / "a.mp4", 1, small_clip());
  media::decoder own(path), slow(path, rational{1, 1});
  BOOST_TEST(count(own) == 1);
  BOOST_TEST(count(slow) == 1);
}

BOOST_AUTO_TEST_CASE(odd_sizes) {
  temporary_folder folder("decoder");
  for (const int side : {1, 7, 33, 97}) {
    cv::imwrite((folder.path / "a.png").string(), picture(3, side, side + 2));
    media::decoder d(folder.path / "a.png");
    cv::Mat m;
    BOOST_REQUIRE(d.next(m));
    BOOST_TEST(cv::norm(m, picture(3, side, side + 2), cv::NORM_INF) == 0);
  }
}

BOOST_AUTO_TEST_CASE(broken_files) {
  temporary_folder folder("decoder");
  BOOST_CHECK_THROW(media::decoder(folder.path / "none.mp4"), error);
  BOOST_CHECK_THROW(media::decoder{folder.path}, error);
  const auto file = folder.path / "a.mp4";
  std::ofstream(file).close();
  BOOST_CHECK_THROW(media::decoder{file}, error);
  std::ofstream(file) << std::string(5000, 'x');
  BOOST_CHECK_THROW(media::decoder{file}, error);
}

BOOST_AUTO_TEST_CASE(sound_alone_is_no_video) {
  temporary_folder folder("decoder");
  std::ofstream wav(folder.path / "a.wav", std::ios::binary);
  const unsigned char header[44] = {'R', 'I', 'F', 'F', 36, 4, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0,
                                    1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0, 'd', 'a', 't', 'a', 0, 4, 0, 0};
  wav.write(reinterpret_cast<const char*>(header), sizeof header);
  wav << std::string(1024, '\0');
  wav.close();
  BOOST_CHECK_THROW(media::decoder(folder.path / "a.wav"), error);
}

BOOST_AUTO_TEST_CASE(a_cut_file_gives_what_is_there_and_says_so) {
  temporary_folder folder("decoder");
  for (const auto* name : {"a.mp4", "a.mkv"}) {
    const auto path = make_clip(folder.path / name, 100, small_clip(160, 120));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    media::decoder d(path);
    const int n = count(d);
    BOOST_TEST(n > 10);
    BOOST_TEST(n < 95);
    BOOST_TEST(d.truncated(), name);
  }
}

BOOST_AUTO_TEST_CASE(damage_never_crashes) {
  temporary_folder folder("decoder");
  const auto path = make_clip(folder.path / "a.mp4", 10, small_clip());
  std::ifstream in(path, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  std::srand(1);
  for (int round = 0; round < 60; ++round) {
    auto bad = good;
    for (int i = 0; i < 20; ++i) bad[std::size_t(std::rand()) % bad.size()] = char(std::rand());
    std::ofstream(path, std::ios::binary) << bad;
    try {
      media::decoder d(path, rational{25, 1});
      cv::Mat m;
      for (int n = 0; n < 1000 && d.next(m); ++n) BOOST_REQUIRE(m.cols == d.info().width);
    } catch (const error&) {
    }
  }
}

BOOST_AUTO_TEST_CASE(turned_pictures_come_upright, *boost::unit_test::precondition([](auto) {
  return boost::test_tools::assertion_result(std::system("ffmpeg -version > /dev/null 2>&1") == 0);
})) {
  temporary_folder folder("decoder");
  const auto path = make_clip(folder.path / "a.mp4", 3, small_clip());
  const auto turned = folder.path / "turned.mp4";
  for (const int degrees : {90, 180, 270}) {
    const auto run = [](const std::string& arguments) { return std::system(("ffmpeg -v error -y " + arguments).c_str()) == 0; };
    BOOST_REQUIRE(run("-i '" + path.string() + "' -c copy -metadata:s:v rotate=" + std::to_string(degrees) + " '" + turned.string() + "'"));
    BOOST_REQUIRE(run("-i '" + turned.string() + "' -frames:v 1 '" + (folder.path / "upright.png").string() + "'"));
    const auto expected = cv::imread((folder.path / "upright.png").string());
    media::decoder d(turned);
    cv::Mat m;
    BOOST_REQUIRE(d.next(m));
    BOOST_TEST(d.info().rotation % 180 == degrees % 180);
    BOOST_REQUIRE(m.size() == expected.size());
    BOOST_TEST(psnr(m, expected) > 30);
  }
}

BOOST_AUTO_TEST_CASE(mirrors_and_quarter_turns) {
  const cv::Mat m = picture(0, 6, 4);
  cv::Mat out, expected;
  const auto check = [&](std::array<std::int32_t, 9> matrix, const cv::Mat& wanted) {
    media::av::orientation::from_matrix(matrix.data()).apply(m, out);
    BOOST_TEST(cv::norm(out, wanted, cv::NORM_INF) == 0);
  };
  check({1, 0, 0, 0, 1, 0, 0, 0, 1}, m);
  cv::rotate(m, expected, cv::ROTATE_90_CLOCKWISE);
  check({0, 1, 0, -1, 0, 0, 0, 0, 1}, expected);
  cv::flip(m, expected, 1);
  check({-1, 0, 0, 0, 1, 0, 0, 0, 1}, expected);
  cv::transpose(m, expected);
  check({0, 1, 0, 1, 0, 0, 0, 0, 1}, expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace decoder_suite
