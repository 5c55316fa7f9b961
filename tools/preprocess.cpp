// viseme-preprocess: turns a video of a talking person into the folder that training and rendering read.
#include "options.hpp"
#include "progress.hpp"
#include "threads.hpp"

#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <viseme/audio/ave_encoder.hpp>
#include <viseme/io/net_weights.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/media/detector_haar.hpp>
#include <viseme/media/landmarks_engine.hpp>
#include <viseme/media/preprocess.hpp>
#include <viseme/run/runner.hpp>

namespace {

using namespace viseme;
namespace fs = std::filesystem;
namespace po = boost::program_options;
using nlohmann::ordered_json;

std::string text_of(const po::variables_map& given, const char* name) {
  return given.count(name) ? given[name].as<std::string>() : std::string();
}

std::set<audio::feature_kind> wanted_features(const std::string& list) {
  std::set<audio::feature_kind> kinds;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) kinds.insert(audio::parse_feature_kind(word));
  if (kinds.empty()) throw tools::usage_error("--features names none");
  return kinds;
}

/// Opens the engine's device when the first net needs it.
class lazy_device {
public:
  explicit lazy_device(const po::variables_map& given)
      : backend_(given["backend"].as<std::string>()),
        type_(parse_dtype(given["dtype"].as<std::string>())),
        threads_(given["threads"].as<int>()) {}
  device& get() {
    if (!device_) device_ = open_device(backend_, type_, threads_);
    return *device_;
  }

private:
  std::string backend_;
  dtype type_;
  int threads_;
  std::shared_ptr<device> device_;
};

void choose_landmarks(media::preprocess_options& o, const po::variables_map& given, lazy_device& engine) {
  const auto detector = text_of(given, "detector"), landmarks = text_of(given, "landmarks"), mean_face = text_of(given, "mean-face");
  const auto model_hash = [](const std::string& file) { return file.empty() ? std::string("none") : io::sha256_of(fs::path(file)); };
  o.settings = {{"face", given["face"].as<std::string>()},
                {"detector", detector.empty() ? "haar" : model_hash(detector)},
                {"landmarks", model_hash(landmarks)},
                {"mean face", model_hash(mean_face)}};
  if (detector.empty())
    o.finder = [] { return std::make_unique<media::haar_finder>(); };
  else
    o.finder = [detector] { return std::make_unique<media::scrfd_finder>(detector); };
  o.landmark_model = landmarks.empty() ? "fixed layout" : fs::path(landmarks).filename().string();
  if (landmarks.empty()) return;
  const bool onnx = landmarks.ends_with(".onnx");
  if (!onnx && mean_face.empty()) throw tools::usage_error("--landmarks with a checkpoint needs --mean-face");
  o.landmarks = [=, &engine]() -> std::unique_ptr<media::landmark_net> {
    auto mean = mean_face.empty() ? std::vector<float>() : media::read_mean_face(mean_face);
    if (onnx) return std::make_unique<media::onnx_landmarks>(landmarks, std::move(mean));
    return std::make_unique<media::engine_landmarks>(engine.get(), landmarks, std::move(mean));
  };
}

void choose_features(media::preprocess_options& o, const po::variables_map& given, lazy_device& engine) {
  const auto weights = text_of(given, "ave-weights");
  for (const auto kind : wanted_features(given["features"].as<std::string>())) {
    if (kind == audio::feature_kind::mel) {
      o.features[kind] = media::mel_maker();
    } else if (kind == audio::feature_kind::ave) {
      if (weights.empty()) throw tools::usage_error("--features ave needs --ave-weights, the weights of the AVE audio encoder");
      const auto rule = "viseme ave 1 " + io::sha256_of(fs::path(weights));
      o.features[kind] = {rule, [weights, &engine](std::span<const float> samples, rational fps) {
                            const auto block = io::load_net(weights, "audio_encoder").block;
                            return audio::ave_encoder(engine.get(), block).features(samples, fps);
                          }};
    } else {
      throw tools::usage_error("--features " + std::string(audio::name(kind)) + " cannot be made here: put its rows into the folder as " +
                               media::feature_file("", kind).string());
    }
  }
}

ordered_json as_json(const media::preprocess_report& r, const fs::path& folder) {
  auto invalid = ordered_json::array(), interpolated = ordered_json::array();
  for (std::size_t i = 0; i < r.contents.frames.size(); ++i) {
    const auto& f = r.contents.frames[i];
    if (!f.valid)
      invalid.push_back({{"frame", i}, {"reason", f.reason}});
    else if (!f.reason.empty())
      interpolated.push_back(i);
  }
  ordered_json seconds, features;
  for (const auto& [stage, s] : r.seconds) seconds[stage] = std::round(s * 1000) / 1000;
  for (const auto& [kind, f] : r.contents.features) features[std::string(audio::name(kind))] = f.rows;
  return {{"folder", folder.string()},  {"frames", r.contents.frames.size()}, {"fps", text(r.contents.fps)},
          {"up_to_date", r.up_to_date}, {"resumed_from", r.resumed_from},     {"features", features},
          {"invalid", invalid},         {"interpolated", interpolated},       {"warnings", r.warnings},
          {"seconds", seconds}};
}

/// "12-40, 77" for the report.
std::string ranges(const std::vector<std::int64_t>& frames) {
  std::string text;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i;
    while (end + 1 < frames.size() && frames[end + 1] == frames[end] + 1) ++end;
    text += (text.empty() ? "" : ", ") + std::to_string(frames[i]) + (end > i ? "-" + std::to_string(frames[end]) : "");
    i = end + 1;
  }
  return text;
}

void print_report(const media::preprocess_report& r) {
  for (const auto& w : r.warnings) std::cerr << "viseme-preprocess: warning: " << w << '\n';
  std::map<std::string, std::vector<std::int64_t>> odd;
  for (std::size_t i = 0; i < r.contents.frames.size(); ++i)
    if (const auto& f = r.contents.frames[i]; !f.reason.empty())
      odd[(f.valid ? "kept, " : "left out, ") + f.reason].push_back(std::int64_t(i));
  for (const auto& [reason, frames] : odd) std::cerr << reason << ": " << frames.size() << " frames: " << ranges(frames) << '\n';
  std::cerr << (r.up_to_date ? "up to date: " : "done: ") << r.contents.frames.size() << " frames of " << r.contents.size.width << "x"
            << r.contents.size.height << " at " << text(r.contents.fps) << std::endl;
}

int run(const po::variables_map& given) {
  if (given["frames"].as<std::string>() != "jpeg")
    throw tools::usage_error(given["frames"].as<std::string>() == "video" ? "--frames video is not in this build: use jpeg"
                                                                          : "--frames is jpeg or video");
  const auto resume = given["resume"].as<std::string>();
  if (resume != "on" && resume != "off") throw tools::usage_error("--resume is on or off");
  const bool quiet = given.count("quiet") > 0;
  lazy_device engine(given);
  media::preprocess_options o;
  o.video = given["video"].as<std::string>();
  o.out = given["out"].as<std::string>();
  o.fps = parse_rational(given["fps"].as<std::string>());
  o.face = media::face_choice::parse(given["face"].as<std::string>());
  o.strict = given.count("strict") > 0;
  o.resume = resume == "on";
  o.threads = tools::threads_of(given);
  const auto backend = given["backend"].as<std::string>();
  if (backend == "auto" || backend == "cuda" || backend == "cudnn") o.decoding = media::av::decoding::gpu;
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  choose_landmarks(o, given, engine);
  choose_features(o, given, engine);
  o.stop = [] { return tools::stop_requested().load(); };
  std::optional<tools::progress> bar;
  o.progress = [&](std::int64_t done, std::int64_t total) {
    if (!bar) bar.emplace("frames", total, quiet);
    bar->expect(total);
    bar->at(done);
  };
  if (!quiet && text_of(given, "detector").empty())
    std::cerr << "viseme-preprocess: warning: no --detector: the Haar cascade of OpenCV misses turned faces\n";
  if (!quiet && text_of(given, "landmarks").empty())
    std::cerr << "viseme-preprocess: warning: no --landmarks: a fixed face box is used, which is less exact\n";
  media::preprocessor work(o);
  const auto report = work.run();
  bar.reset();
  if (!quiet) print_report(report);
  if (given.count("json")) std::cout << as_json(report, o.out).dump(1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-preprocess",
                         .summary = "Turns a video of a talking person into frames, landmarks, sound and sound features.",
                         .usage = "VIDEO --out DIR [--detector FILE.onnx --landmarks FILE] [options]",
                         .example = "viseme-preprocess anna.mp4 --out dataset/anna --detector scrfd_2.5g.onnx --landmarks pfld.onnx"};
  auto add = program.options.add_options();
  add("video", po::value<std::string>()->value_name("FILE")->required(), "the video, with sound; also the first argument");
  add("out", po::value<std::string>()->value_name("DIR")->required(), "the person's folder");
  add("features", po::value<std::string>()->value_name("LIST")->default_value("mel"), "sound features to make: mel, ave or mel,ave");
  add("ave-weights", po::value<std::string>()->value_name("FILE"), "weights of the AVE audio encoder, for ave");
  add("detector", po::value<std::string>()->value_name("FILE"), "SCRFD face detector (.onnx); default: OpenCV's Haar cascade");
  add("landmarks", po::value<std::string>()->value_name("FILE"),
      "landmark net (.onnx of 98 points, or .pth.tar of 110); default: a fixed layout");
  add("mean-face", po::value<std::string>()->value_name("FILE"), "220 numbers that belong to the 110-point .pth.tar");
  add("fps", po::value<std::string>()->value_name("RATE")->default_value("25"),
      "frame rate of the folder, as 25 or 30000/1001; 20 for wenet");
  add("face", po::value<std::string>()->value_name("WHICH")->default_value("largest"),
      "which of several faces: largest, center, or X,Y in pixels");
  add("frames", po::value<std::string>()->value_name("KIND")->default_value("jpeg"), "how frames are kept: jpeg");
  add("resume", po::value<std::string>()->value_name("on|off")->default_value("on")->implicit_value("on"),
      "go on where an earlier run stopped, do nothing where all is done");
  add("strict", "fail where a frame has no face, instead of leaving it out");
  add("quiet", "no progress and warnings on stderr");
  add("json", "the report as JSON on stdout");
  program.options.add(tools::engine_options());
  program.positional.add("video", 1);
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
