// What surrounds the net: sound features, face crops, blending, decoding, encoding, and whole renders of a drawn 720p person.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include <bench/allocations.hpp>
#include <bench/memory.hpp>
#include <bench/suite.hpp>
#include <bench/workload.hpp>
#include <viseme/audio/log_mel.hpp>
#include <viseme/demo/drawn_person.hpp>
#include <viseme/media/decoder.hpp>
#include <viseme/media/encoder.hpp>
#include <viseme/render/compositor.hpp>
#include <viseme/render/frame_writer.hpp>
#include <viseme/render/renderer.hpp>

namespace viseme::bench {
namespace {

constexpr int sample_rate = audio::sample_rate;

/// A vowel-like tone whose loudness comes and goes four times a second.
std::vector<float> made_speech(double seconds) {
  std::vector<float> samples(std::size_t(seconds * sample_rate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = double(i) / sample_rate, turn = 2 * std::numbers::pi * t;
    double voice = 0;
    for (int harmonic = 1; harmonic <= 12; ++harmonic) voice += std::sin(130 * harmonic * turn) / harmonic;
    samples[i] = float(0.2 * voice * (0.5 - 0.5 * std::cos(4 * turn)));
  }
  return samples;
}

/// A temporary folder of a drawn person in 1280 x 720, removed at the end: one second to and fro.
class person_720p {
public:
  static constexpr int frames = 25;

  person_720p() {
    namespace fs = std::filesystem;
    auto pattern = (fs::temp_directory_path() / "viseme-bench-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "cannot make a folder in '" + pattern + "'", "the system refuses",
            "set TMPDIR to a writable folder");
    folder_ = pattern;
    fs::create_directories(folder_ / "full_body_img");
    fs::create_directories(folder_ / "landmarks");
    const demo::drawn_person who(1);
    for (int k = 0; k < frames; ++k) {
      const auto truth = who.truth(k / 25.0, {});
      const auto drawn = who.draw(truth, std::uint64_t(k));
      const double scale = 720.0 / drawn.rows;
      cv::Mat face, frame;
      cv::resize(drawn, face, {}, scale, scale, cv::INTER_LINEAR);
      const int left = (1280 - face.cols) / 2;
      cv::copyMakeBorder(face, frame, 0, 0, left, 1280 - face.cols - left, cv::BORDER_REPLICATE);
      cv::imwrite(media::frame_file(folder_, k).string(), frame, {cv::IMWRITE_JPEG_QUALITY, 95});
      std::ofstream points(media::landmark_file(folder_, k));
      for (const auto& p : truth.points) points << p.x * scale + left << ' ' << p.y * scale << '\n';
    }
    data_ = std::make_shared<const media::dataset>(media::dataset::open(folder_));
  }
  person_720p(const person_720p&) = delete;
  ~person_720p() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::filesystem::path& folder() const { return folder_; }
  const std::shared_ptr<const media::dataset>& data() const { return data_; }

private:
  std::filesystem::path folder_;
  std::shared_ptr<const media::dataset> data_;
};

const person_720p& person() {
  static const person_720p one;
  return one;
}

media::encoder_options encoding_720p(std::vector<float> samples) {
  media::encoder_options o;
  o.fps = {25, 1};
  o.width = 1280;
  o.height = 720;
  o.samples = std::move(samples);
  o.threads = int(std::min(4u, std::max(1u, std::thread::hardware_concurrency())));  // as viseme-render
  return o;
}

/// A warm median of `run`, which handles `items` of something that is counted by the second.
case_result timed(const setting& s, const std::string& name, double seconds, const char* rate, double items,
                  const std::function<void()>& run) {
  case_result result;
  result.name = name;
  result.cold_ms = milliseconds(run);
  const auto before = allocations();
  const peak_above_idle peak(::getpid());
  run();
  result.peak_mb = peak.mb();
  result.allocations = allocations() - before;
  const std::vector<timed_run> contestants{[&] { return milliseconds(run); }};
  result.times = interleave(contestants, s.seconds * seconds)[0];
  result.figures.push_back({rate, 1e3 * items / result.times.median_ms});
  return result;
}

case_result render_case(setting& s, const std::string& name, const char* width, bool keeps_encoder) {
  const net_spec spec{"unet", "mel", width};
  const auto who = std::make_shared<const render::person>(render::person{.data = person().data(),
                                                                         .unet = s.on->prepare(spec, initial_block(spec, 1)),
                                                                         .audio_encoder = {},
                                                                         .sound = {audio::feature_kind::mel, {25, 1}}});
  const auto speech = made_speech(s.speech_seconds);
  const auto frames = frames_covering(std::int64_t(speech.size()), sample_rate, {25, 1});
  std::vector<std::pair<std::string, double>> stages;
  const auto run = [&] {
    render::renderer_options options;
    options.expected_samples = std::int64_t(speech.size());
    options.result = frame_format::i420;
    if (!keeps_encoder) options.encoder_bytes = 0;
    render::renderer maker(who, options);
    render::frame_writer writer(std::make_unique<media::encoder>((person().folder() / "out.mp4").string(), encoding_720p(speech)));
    maker.push(speech);
    maker.finish();
    for (cv::Mat frame; maker.pull(frame);) writer.write(frame);
    writer.finish();
    stages.clear();
    for (std::size_t i = 0; i < render::stage_names.size(); ++i) {
      const auto stage = render::stage(i);
      const auto t = (stage == render::stage::encode ? writer.times() : maker.times()).summary(stage);
      if (t.runs > 0) stages.push_back({std::string(render::stage_names[i]) + "_ms", t.median});
    }
  };
  auto result = timed(s, name, 1, "frames_per_second", double(frames), run);
  result.figures.insert(result.figures.end(), stages.begin(), stages.end());
  return result;
}

case_result log_mel_case(setting& s, const std::string& name) {
  const auto speech = made_speech(10);
  return timed(s, name, 0.2, "times_real_time", 10, [&] { audio::log_mel(speech); });
}

case_result crop_case(setting& s, const std::string& name) {
  const auto frame = person().data()->read_frame(0);
  const auto& box = person().data()->record(0).crop;
  render::compositor compositor(render::blend_rule::feather);
  std::vector<float> image(2 * media::picture_size);
  return timed(s, name, 0.2, "frames_per_second", 1, [&] { compositor.read(frame, box, image); });
}

case_result blend_case(setting& s, const std::string& name) {
  auto frame = person().data()->read_frame(0);
  const auto& box = person().data()->record(0).crop;
  render::compositor compositor(render::blend_rule::feather);
  std::vector<float> image(2 * media::picture_size);
  const auto output = input_values("face", media::picture_size);
  compositor.read(frame, box, image);
  return timed(s, name, 0.2, "frames_per_second", 1, [&] { compositor.blend(frame, box, output); });
}

case_result jpeg_case(setting& s, const std::string& name) {
  const auto& data = *person().data();
  return timed(s, name, 0.2, "frames_per_second", 1, [&] { data.read_frame(0); });
}

void encode_clip(const std::filesystem::path& to, const std::vector<cv::Mat>& frames) {
  media::encoder out(to.string(), encoding_720p({}));
  for (const auto& frame : frames) out.write(frame);
  out.finish();
}

std::vector<cv::Mat> all_frames() {
  std::vector<cv::Mat> frames;
  for (int k = 0; k < person_720p::frames; ++k) frames.push_back(person().data()->read_frame(k));
  return frames;
}

case_result encode_case(setting& s, const std::string& name) {
  const auto frames = all_frames();
  return timed(s, name, 0.5, "frames_per_second", double(frames.size()), [&] { encode_clip(person().folder() / "encoded.mp4", frames); });
}

case_result decode_case(setting& s, const std::string& name) {
  const auto clip = person().folder() / "clip.mp4";
  encode_clip(clip, all_frames());
  return timed(s, name, 0.5, "frames_per_second", person_720p::frames, [&] {
    media::decoder in(clip);
    for (cv::Mat frame; in.next(frame);) {
    }
  });
}

}  // namespace

std::vector<suite_case> pipeline_suite(const setting& with) {
  std::vector<suite_case> suite;
  const auto add = [&](const std::string& name, auto&& measure) {
    suite.push_back({name, [name, measure](setting& s) { return measure(s, name); }});
  };
  add("audio/log_mel/10s", log_mel_case);
  add("media/jpeg/720p", jpeg_case);
  add("media/decode/720p/h264", decode_case);
  add("media/encode/720p/h264", encode_case);
  add("media/crop/720p", crop_case);
  add("media/blend/720p", blend_case);
  const auto engine = "/720p/" + with.engine();
  for (const char* width : {"wide", "mobile"}) {
    add(std::string("render/") + width + engine,
        [width](setting& s, const std::string& name) { return render_case(s, name, width, true); });
    add(std::string("render/") + width + "_without_kept_encoder" + engine,
        [width](setting& s, const std::string& name) { return render_case(s, name, width, false); });
  }
  return suite;
}

}  // namespace viseme::bench
