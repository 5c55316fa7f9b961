// Videos written here and read back: pictures, colours, times, sound, and what is left behind when writing fails.
#include <viseme/media/encoder.hpp>

#include <viseme/audio/samples.hpp>
#include <viseme/media/decoder.hpp>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <numbers>

#include <sys/resource.h>
#include <sys/wait.h>

#include "clip.hpp"
#include "i420.hpp"

namespace encoder_suite {

using namespace viseme;
using namespace viseme::tests;

std::vector<float> tone(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = 0.4f * float(std::sin(2 * std::numbers::pi * 440 * double(i) / 16000));
  return v;
}
/// Times of the track's pictures in seconds, in order of presentation.
std::vector<double> picture_times(const std::filesystem::path& path) {
  media::av::frame_reader reader(path, AVMEDIA_TYPE_VIDEO, 1);
  std::vector<double> times;
  while (const AVFrame* f = reader.next()) times.push_back(double(f->best_effort_timestamp - reader.stream().start_time) * av_q2d(reader.stream().time_base));
  return times;
}
std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
/// Exit status of `work` in a child of its own.
template <class F>
int in_child(F work) {
  const auto child = ::fork();
  if (child == 0) {
    int status = 3;
    try {
      status = work();
    } catch (const error&) {
      status = 1;
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

BOOST_AUTO_TEST_SUITE(encoder)

BOOST_AUTO_TEST_CASE(pictures_and_colours_survive) {
  temporary_folder folder("encoder");
  for (const auto* name : {"a.mp4", "a.mkv", "a.mov"}) {
    media::decoder d(make_clip(folder.path / name, 12, small_clip()));
    cv::Mat m;
    int k = 0;
    for (; d.next(m); ++k) BOOST_TEST(psnr(m, picture(k, 64, 48)) > 38, name << " picture " << k << ": " << psnr(m, picture(k, 64, 48)));
    BOOST_TEST(k == 12);
    BOOST_TEST(!d.truncated());
  }
}

BOOST_AUTO_TEST_CASE(webm_holds_vp9_and_opus) {
  temporary_folder folder("encoder");
  auto o = small_clip();
  o.samples = tone(8000);
  media::decoder d(make_clip(folder.path / "a.webm", 5, o));
  cv::Mat m;
  int k = 0;
  for (; d.next(m); ++k) BOOST_TEST(psnr(m, picture(k, 64, 48)) > 35);
  BOOST_TEST(k == 5);
  BOOST_TEST(d.info().has_audio);
}

BOOST_AUTO_TEST_CASE(pictures_may_come_as_they_are_stored) {
  temporary_folder folder("encoder");
  for (const auto& [width, height] : {std::pair{64, 48}, {63, 47}}) {
    const auto o = small_clip(width, height);
    media::encoder e((folder.path / "stored.mp4").string(), o);
    for (int k = 0; k < 5; ++k) {
      auto planes = i420_of(picture(k, width, height));
      e.write(cv::Mat(72, 64, CV_8UC1, planes.data()));
    }
    BOOST_CHECK_THROW(e.write(cv::Mat(48, 64, CV_8UC1)), std::logic_error);
    e.finish();
    make_clip(folder.path / "converted.mp4", 5, o);
    BOOST_TEST((contents(folder.path / "stored.mp4") == contents(folder.path / "converted.mp4")));
  }
}

BOOST_AUTO_TEST_CASE(without_an_encoder_on_the_gpu_x264_takes_its_place) {
  temporary_folder folder("encoder");
  auto o = small_clip(160, 120);  // NVIDIA's takes no smaller ones
  o.codec = "gpu";
  BOOST_TEST(media::encoder((folder.path / "a.webm").string(), o).codec() == "libvpx-vp9");
  const auto coder = media::encoder((folder.path / "b.mp4").string(), o).codec();
  BOOST_TEST_MESSAGE("encodes with " << coder);
  BOOST_TEST((coder == "libx264" || coder == "h264_nvenc"));
  media::decoder d(make_clip(folder.path / "c.mp4", 12, o));
  cv::Mat m;
  int k = 0;
  for (; d.next(m); ++k) BOOST_TEST(psnr(m, picture(k, 160, 120)) > 35);
  BOOST_TEST(k == 12);
}

BOOST_AUTO_TEST_CASE(presets_of_x264_are_understood_by_nvidias_encoder) {
  const auto settings_of = [](const char* name, const char* preset, int quality) {
    AVCodec coder{};
    coder.name = name;
    media::av::dictionary settings;
    media::set_speed_and_quality(settings, coder, preset, quality);
    std::string all;
    for (const AVDictionaryEntry* e = nullptr; (e = av_dict_get(*settings.get(), "", e, AV_DICT_IGNORE_SUFFIX));)
      all += std::string(e->key) + "=" + e->value + " ";
    return all;
  };
  BOOST_TEST(settings_of("libx264", "fast", 20) == "crf=20 preset=fast ");
  BOOST_TEST(settings_of("h264_nvenc", "medium", 20) == "preset=p4 rc=vbr b=0 cq=20 ");
  BOOST_TEST(settings_of("h264_nvenc", "p6", 60) == "preset=p6 rc=vbr b=0 cq=51 ");
  BOOST_TEST(settings_of("h264_nvenc", "ultrafast", 0) == "preset=p1 tune=lossless ");
  BOOST_CHECK_THROW(settings_of("libx264", "p6", 20), error);
}

BOOST_AUTO_TEST_CASE(flat_colours_are_exact_to_rounding) {
  temporary_folder folder("encoder");
  auto o = small_clip();
  o.crf = 0;
  const cv::Vec3b colours[] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {30, 30, 220}, {40, 200, 60}, {210, 70, 20}};
  media::encoder e((folder.path / "a.mp4").string(), o);
  for (const auto& c : colours) e.write(cv::Mat(48, 64, CV_8UC3, cv::Scalar(c)));
  e.finish();
  media::decoder d(folder.path / "a.mp4");
  cv::Mat m;
  for (const auto& c : colours) {
    BOOST_REQUIRE(d.next(m));
    BOOST_TEST(cv::norm(m, cv::Mat(48, 64, CV_8UC3, cv::Scalar(c)), cv::NORM_INF) <= 2);
  }
}

BOOST_AUTO_TEST_CASE(times_are_exact) {
  temporary_folder folder("encoder");
  for (const rational fps : {rational{25, 1}, rational{30000, 1001}, rational{24000, 1001}, rational{60, 1}}) {
    const auto times = picture_times(make_clip(folder.path / "a.mp4", 40, small_clip(64, 48, fps)));
    BOOST_REQUIRE(times.size() == 40u);
    for (std::size_t k = 0; k < times.size(); ++k) BOOST_TEST(std::abs(times[k] - double(k) * double(fps.den) / double(fps.num)) < 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(odd_sizes_are_padded_with_the_edge) {
  temporary_folder folder("encoder");
  media::decoder d(make_clip(folder.path / "a.mp4", 2, small_clip(61, 47)));
  BOOST_TEST(d.info().width == 62);
  BOOST_TEST(d.info().height == 48);
  cv::Mat m;
  BOOST_REQUIRE(d.next(m));
  BOOST_TEST(psnr(m(cv::Rect(0, 0, 61, 47)), picture(0, 61, 47)) > 38);
}

BOOST_AUTO_TEST_CASE(sound_goes_along_in_full) {
  temporary_folder folder("encoder");
  for (const int samples : {1, 8000, 16000, 40000}) {  // shorter and longer than the pictures' second
    auto o = small_clip();
    o.samples = tone(std::size_t(samples));
    const auto path = make_clip(folder.path / "a.mp4", 25, o);
    BOOST_TEST(picture_times(path).size() == 25u);
    const auto heard = audio::read_samples(path);
    BOOST_TEST(heard.size() >= std::size_t(samples));
    BOOST_TEST(heard.size() <= std::size_t(samples) + 1100);
    double error_power = 0, power = 0;
    for (int i = 2000; i + 2000 < samples; ++i) error_power += std::pow(heard[std::size_t(i)] - o.samples[std::size_t(i)], 2), power += std::pow(o.samples[std::size_t(i)], 2);
    BOOST_TEST(error_power <= 0.01 * power);  // in step to the sample
  }
}

BOOST_AUTO_TEST_CASE(sound_of_a_file_keeps_its_rate_and_channels) {
  temporary_folder folder("encoder");
  audio::write_wav(folder.path / "a.wav", tone(16000));
  auto o = small_clip();
  o.sound = folder.path / "a.wav";
  const auto path = make_clip(folder.path / "a.mp4", 25, o);
  media::av::frame_reader reader(path, AVMEDIA_TYPE_AUDIO, 1);
  BOOST_TEST(reader.decoder().sample_rate == 16000);
  BOOST_TEST(reader.decoder().ch_layout.nb_channels == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_without_finish) {
  temporary_folder folder("encoder");
  {
    media::encoder e((folder.path / "a.mp4").string(), small_clip());
    e.write(picture(0, 64, 48));
    BOOST_TEST(!std::filesystem::exists(folder.path / "a.mp4"));
  }
  BOOST_TEST(folder.empty());
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  temporary_folder folder("encoder");
  const auto path = (folder.path / "a.mp4").string();
  BOOST_CHECK_THROW(media::encoder((folder.path / "a.unknown").string(), small_clip()), error);
  BOOST_CHECK_THROW(media::encoder((folder.path / "no/such/folder/a.mp4").string(), small_clip()), error);
  auto o = small_clip();
  o.codec = "no_such_codec";
  BOOST_CHECK_THROW(media::encoder(path, o), error);
  o = small_clip();
  o.preset = "no_such_preset";
  BOOST_CHECK_THROW(media::encoder(path, o), error);
  o = small_clip(0, 48);
  BOOST_CHECK_THROW(media::encoder(path, o), error);
  o = small_clip();
  o.sound = folder.path / "none.wav";
  BOOST_CHECK_THROW(media::encoder(path, o), error);
  {
    media::encoder e(path, small_clip());
    BOOST_CHECK_THROW(e.write(picture(0, 32, 48)), std::logic_error);
  }
  BOOST_TEST(folder.empty());
}

BOOST_AUTO_TEST_CASE(full_disk_is_one_error_and_leaves_nothing) {
  for (const rlim_t limit : {0, 2000, 20000, 60000}) {
    temporary_folder folder("encoder");
    const int status = in_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit bytes{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &bytes);
      auto o = small_clip(320, 240);
      o.samples = tone(48000);
      cv::Mat noise(240, 320, CV_8UC3);
      media::encoder e((folder.path / "a.mp4").string(), o);
      for (int k = 0; k < 30; ++k) {
        cv::randu(noise, 0, 255);
        e.write(noise);
      }
      e.finish();
      return 0;
    });
    BOOST_TEST(status == 1, "limit " << limit << ": status " << status);
    BOOST_TEST(folder.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace encoder_suite
