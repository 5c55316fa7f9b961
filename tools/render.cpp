// viseme-render: makes a person's video for a sound.
#include "options.hpp"
#include "progress.hpp"
#include "threads.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <viseme/audio/samples.hpp>
#include <viseme/render/frame_writer.hpp>
#include <viseme/render/load_person.hpp>

namespace {

using namespace viseme;
namespace fs = std::filesystem;
namespace po = boost::program_options;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t megabyte = std::size_t(1) << 20;

std::string text_of(const po::variables_map& given, const char* name) { return given.count(name) ? given[name].as<std::string>() : ""; }

std::optional<std::string> if_given(const po::variables_map& given, const char* name) {
  return given.count(name) ? std::optional(given[name].as<std::string>()) : std::nullopt;
}

/// 16 kHz mono, signed 16 bit little-endian, to the end of standard input.
std::vector<float> read_standard_input() {
  constexpr std::size_t longest = std::size_t(12) * 3600 * audio::sample_rate;
  std::vector<float> samples;
  std::array<unsigned char, 1 << 15> bytes;
  std::size_t held = 0;
  for (std::size_t got; (got = std::fread(bytes.data() + held, 1, bytes.size() - held, stdin)) > 0;) {
    const auto all = held + got, whole = all / 2 * 2;
    for (std::size_t i = 0; i < whole; i += 2) samples.push_back(float(std::int16_t(bytes[i] | bytes[i + 1] << 8)) / 32768);
    held = all - whole;
    if (held) bytes[0] = bytes[whole];
    require(samples.size() <= longest, "standard input", "over twelve hours of sound", "cut it into pieces");
    require(!tools::stop_requested(), "standard input", "stopped before its end", "run it again");
  }
  require(!samples.empty(), "standard input", "no sound came", "write 16 kHz mono s16le to it");
  return samples;
}

std::shared_ptr<const audio::feature_rows> brought_features(const po::variables_map& given, const render::window_settings& sound) {
  const auto path = text_of(given, "feature-file");
  if (path.empty()) return {};
  return std::make_shared<const audio::feature_rows>(audio::read_features(path, sound.kind, sound.fps));
}

media::encoder_options encoding(const po::variables_map& given, const device& on, const render::person& who, rational fps,
                                std::vector<float> samples, int threads) {
  media::encoder_options o;
  o.codec = given.count("encoder") ? text_of(given, "encoder") : on.has_own_memory() ? "gpu" : "libx264";
  o.preset = text_of(given, "preset");
  o.crf = given["crf"].as<int>();
  o.fps = fps;
  o.width = who.data->size().width;
  o.height = who.data->size().height;
  o.threads = std::min(4, threads);
  if (const auto sound = text_of(given, "audio"); sound == "-")
    o.samples = std::move(samples);
  else
    o.sound = sound;
  return o;
}

nlohmann::ordered_json summary_json(const render::renderer& maker, const render::frame_writer& writer, double seconds, double sound_seconds) {
  nlohmann::ordered_json stages;
  for (std::size_t i = 0; i < render::stage_names.size(); ++i) {
    const auto which = render::stage(i);
    const auto t = (which == render::stage::encode ? writer.times() : maker.times()).summary(which);
    stages[std::string(render::stage_names[i])] = {{"median_ms", t.median}, {"p95_ms", t.p95}, {"p99_ms", t.p99}, {"runs", t.runs}};
  }
  return {{"frames", maker.frames()}, {"fps", text(maker.fps())}, {"sound_seconds", sound_seconds}, {"seconds", seconds},
          {"frames_per_second", double(maker.frames()) / seconds}, {"stages", stages}, {"encoder", writer.codec()},
          {"kept_encoder", {{"frames", maker.encoder().frames()}, {"megabytes", double(maker.encoder().bytes()) / megabyte}}}};
}

int run(const po::variables_map& given) {
  const auto mode = text_of(given, "mode");
  require(mode != "core-clips", "core-clips mode", "not in this build", "use --mode standard");
  if (mode != "standard") throw tools::usage_error("--mode is not standard or core-clips");
  const auto window = text_of(given, "window");
  if (window != "edge" && window != "reference") throw tools::usage_error("--window is not edge or reference");
  if (given.count("loop-back") && given.count("no-loop-back")) throw tools::usage_error("--loop-back and --no-loop-back exclude each other");
  const auto start_frame = given["start-frame"].as<std::int64_t>();
  if (start_frame < 0) throw tools::usage_error("--start-frame is negative");
  if (given["crf"].as<int>() < 0 || given["crf"].as<int>() > 63) throw tools::usage_error("--crf is not within 0 to 63");
  const auto keep_encoder = given["keep-encoder"].as<std::int64_t>();
  if (keep_encoder < 0 || keep_encoder > std::int64_t(1) << 24) throw tools::usage_error("--keep-encoder is not within 0 to 16777216");
  render::renderer_options options;
  options.encoder_bytes = std::size_t(keep_encoder) * megabyte;
  options.start_frame = start_frame;
  options.loop_back = given.count("no-loop-back") == 0;
  options.blend = render::parse_blend(text_of(given, "blend"));
  options.result = frame_format::i420;
  if (given.count("fps")) options.fps = parse_rational(text_of(given, "fps"));
  const bool quiet = given.count("quiet") > 0;

  const int threads = tools::threads_of(given);
  const auto on = open_device(text_of(given, "backend"), parse_dtype(text_of(given, "dtype")), threads);
  render::person_files files{.dataset = text_of(given, "dataset"), .checkpoint = text_of(given, "checkpoint"), .audio_encoder = {},
                             .features = if_given(given, "features"), .width = if_given(given, "width"), .reference_window = window == "reference"};
  if (given.count("ave-weights")) files.audio_encoder = text_of(given, "ave-weights");
  const auto who = render::load_person(*on, files);
  options.features = brought_features(given, who->sound);

  const auto sound = text_of(given, "audio");
  const auto samples = sound == "-" ? read_standard_input() : audio::read_samples(sound);
  options.expected_samples = std::int64_t(samples.size());
  render::renderer maker(who, options);
  const auto start = clock_type::now();
  auto how = encoding(given, *on, *who, maker.fps(), samples, threads);
  render::frame_writer writer(std::make_unique<media::encoder>(text_of(given, "out"), std::move(how)));
  const auto frames = frames_covering(std::int64_t(samples.size()), audio::sample_rate, maker.fps());
  tools::progress bar("rendering", frames, quiet);
  const auto take = [&] {
    for (cv::Mat frame; !tools::stop_requested() && maker.pull(frame);) {
      writer.write(std::move(frame));
      bar.at(maker.frames());
    }
  };
  constexpr std::size_t piece = audio::sample_rate / 5;
  for (std::size_t at = 0; at < samples.size() && !tools::stop_requested(); at += piece) {
    maker.push(std::span(samples).subspan(at, std::min(piece, samples.size() - at)));
    take();
  }
  if (!tools::stop_requested()) maker.finish();
  take();
  const bool stopped = tools::stop_requested();
  require(!stopped || (given.count("keep-partial") > 0 && maker.frames() > 0), "rendering", "stopped before its end", "run it again; --keep-partial keeps what is done");
  writer.finish();
  const double seconds = std::chrono::duration<double>(clock_type::now() - start).count();
  if (given.count("json")) std::cout << summary_json(maker, writer, seconds, double(samples.size()) / audio::sample_rate).dump(1) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-render",
                         .summary = "Makes a video of a person speaking a sound.",
                         .usage = "--dataset DIR --checkpoint FILE|DIR --audio FILE --out FILE [options]",
                         .example = "viseme-render --dataset dataset/anna --checkpoint checkpoint/anna --audio hello.wav --out hello.mp4"};
  auto add = program.options.add_options();
  const auto word = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add("dataset", word("DIR")->required(), "the person's folder");
  add("checkpoint", word("FILE|DIR")->required(), "the person's net; of a folder the largest number");
  add("audio", word("FILE")->required(), "any sound or video file; - reads 16 kHz mono s16le from stdin to its end");
  add("out", word("FILE")->required(), "the video: .mp4, .mkv, .mov, .webm, an FFmpeg URL, or - for Matroska on stdout");
  add("mode", word("MODE")->default_value("standard"), "standard");
  add("features", word("KIND"), "mel, ave, hubert or wenet; default: what the checkpoint says");
  add("width", word("WIDTH"), "wide or mobile; default: what the checkpoint says, else wide");
  add("ave-weights", word("FILE"), "the audio encoder, for ave features");
  add("feature-file", word("X.npy"), "rows of the sound made elsewhere, instead of our own");
  add("start-frame", po::value<std::int64_t>()->value_name("N")->default_value(0), "first frame of the recording to show");
  add("loop-back", "walk through the recording to and fro and end where it began (default)");
  add("no-loop-back", "walk forward, and from the first frame again");
  add("fps", word("RATE"), "of the video, as 25 or 30000/1001; default: the recording's");
  add("window", word("RULE")->default_value("edge"), "sound window at the ends: edge, or reference (its last 0.3 s stand still)");
  add("blend", word("RULE")->default_value("feather"), "feather: fade at the mask's rim; reference: hard square");
  add("encoder", word("NAME"), "FFmpeg's video encoder; default: h264_nvenc where the net runs on a GPU that has one, else libx264");
  add("preset", word("NAME")->default_value("medium"), "speed against size: x264's ultrafast to veryslow, or one of the encoder's own");
  add("crf", po::value<int>()->value_name("N")->default_value(20), "quality, smaller is better");
  add("keep-encoder", po::value<std::int64_t>()->value_name("MB")->default_value(512),
      "memory for what the net makes of a frame's picture, rounded to bf16, so that a frame that comes again costs less; 0: keep nothing");
  add("keep-partial", "when stopped, keep what is done as a playable video");
  add("quiet", "no progress on stderr");
  add("json", "frames, seconds and milliseconds of every stage on stdout; net_cold and net_warm are the net without and with a kept encoder");
  program.options.add(tools::engine_options());
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
