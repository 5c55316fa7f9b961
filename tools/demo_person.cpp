// viseme-demo-person: writes a drawn talking person as a person's folder, with the truth beside it.
#include "options.hpp"
#include "threads.hpp"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <viseme/audio/samples.hpp>
#include <viseme/demo/person_folder.hpp>
#include <viseme/demo/speech_synthesis.hpp>
#include <viseme/run/runner.hpp>

namespace {

using namespace viseme;
namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr double longest = 3600;  // seconds

/// The built-in text by espeak-ng, with half a second of silence at both ends; each round through the texts has another pitch and speed.
std::vector<float> own_speech(double seconds, const fs::path& folder) {
  constexpr struct { int speed, pitch; } rounds[] = {{155, 50}, {140, 38}, {170, 62}};
  const auto wav = folder / (".speech." + std::to_string(::getpid()) + ".wav");
  struct remover {
    const fs::path& path;
    ~remover() {
      std::error_code ignored;
      fs::remove(path, ignored);
    }
  } cleanup{wav};
  constexpr std::size_t pause = audio::sample_rate / 2;
  const auto wanted = std::size_t(seconds * audio::sample_rate);
  std::vector<float> out(pause);
  for (std::size_t round = 0; out.size() + pause < wanted; ++round) {
    for (const char* text : demo::training_texts) {
      demo::speak(text, rounds[round % 3].speed, rounds[round % 3].pitch, wav);
      const auto spoken = audio::read_samples(wav);
      require(!spoken.empty(), "speech synthesis", "espeak-ng made no sound", "give a recording with --speech");
      out.insert(out.end(), spoken.begin(), spoken.end());
    }
  }
  out.resize(wanted > pause ? wanted - pause : 0);
  out.resize(wanted);
  return out;
}

/// The sound the person speaks: a recording or the built-in text, cut or followed by silence where a length is given.
std::vector<float> sound_of(const po::variables_map& given, const fs::path& folder) {
  const bool timed = given.count("seconds") > 0, brought = given.count("speech") > 0;
  const double seconds = timed ? given["seconds"].as<double>() : 75;
  if (!(seconds >= 0.1 && seconds <= longest)) throw tools::usage_error("--seconds is not within 0.1 to 3600");
  auto sound = brought ? audio::read_samples(given["speech"].as<std::string>()) : own_speech(seconds, folder);
  if (timed) sound.resize(std::size_t(seconds * audio::sample_rate));
  require(double(sound.size()) <= longest * audio::sample_rate, "speech", "longer than an hour", "cut it with --seconds");
  return sound;
}

int run(const po::variables_map& given) {
  const fs::path folder = given["out"].as<std::string>();
  const demo::folder_options options{.seed = given["seed"].as<std::uint64_t>(), .fps = parse_rational(given["fps"].as<std::string>())};
  tools::threads_of(given);
  std::error_code failed;
  fs::create_directories(folder, failed);
  require(!failed, "cannot make '" + folder.string() + "'", failed.message(), "choose another folder");
  const auto sound = sound_of(given, folder);

  const bool show = given.count("quiet") == 0, terminal = ::isatty(STDERR_FILENO);
  std::int64_t frames = 0;
  demo::write_person_folder(folder, sound, options, [&](std::int64_t done, std::int64_t all) {
    frames = all;
    if (show && terminal) std::cerr << "\rdrawing " << done << " of " << all << " frames" << (done == all ? "\n" : "") << std::flush;
    if (show && !terminal && done == all) std::cerr << "drew " << all << " frames\n";
    return !tools::stop_requested();
  });
  if (given.count("json")) {
    const nlohmann::ordered_json result{
        {"folder", folder.string()}, {"frames", frames}, {"fps", text(options.fps)}, {"seed", options.seed}};
    std::cout << result.dump() << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-demo-person",
                         .summary = "Draws a talking person and writes video, sound, frames, exact landmarks and mouth openings.",
                         .usage = "--out DIR [--seconds S] [--seed N] [--speech FILE]",
                         .example = "viseme-demo-person --out dataset/demo --seconds 60"};
  auto add = program.options.add_options();
  add("out", po::value<std::string>()->value_name("DIR")->required(),
      "the person's folder: full_body_img, landmarks, aud.wav, NAME.mp4, truth.json");
  add("seconds", po::value<double>()->value_name("S"), "length; default: of --speech, else 75; speech is cut or silence added");
  add("seed", po::value<std::uint64_t>()->value_name("N")->default_value(1), "which person, and how the head moves");
  add("speech", po::value<std::string>()->value_name("FILE"), "a recording to speak; default: a built-in text by espeak-ng");
  add("fps", po::value<std::string>()->value_name("RATE")->default_value("25"), "frame rate, as 25 or 30000/1001");
  add("threads", po::value<int>()->value_name("N")->default_value(0, "all cores"), "threads that draw; also $VISEME_THREADS");
  add("quiet", "no progress on stderr");
  add("json", "the result as JSON on stdout");
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
