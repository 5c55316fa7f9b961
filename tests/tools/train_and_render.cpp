#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../pipeline/made_person.hpp"
#include "program.hpp"

#include <viseme/io/net_weights.hpp>
#include <viseme/media/decoder.hpp>
#include <viseme/train/checkpoint.hpp>

namespace train_and_render_suite {

using namespace viseme;
using namespace viseme::tests;

/// A made person and a checkpoint of an untrained mobile net.
class made_case {
public:
  made_case() {
    std::filesystem::create_directories(folder / "checkpoint");
    const net_spec spec{"unet", "mel", "mobile"};
    train::write_checkpoint(folder / "checkpoint/5.safetensors", {.spec = spec, .fps = {25, 1}, .step = 5}, net_parameters(spec), initial_block(spec, 1));
    audio::write_wav(folder / "hello.wav", made_sound(16000 * 5 / 25 + 1));
  }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  outcome train(const std::string& more, const std::string& prefix = "") const {
    return tests::run_program(folder, "viseme-train", "unet --width mobile --batch 1 --holdout-frames 1 --dataset " + person.path().string() + " " + more, prefix);
  }
  outcome render(const std::string& more, const std::string& prefix = "") const {
    return tests::run_program(folder, "viseme-render", "--preset ultrafast --dataset " + person.path().string() + " " + more, prefix);
  }
  std::string rest(const std::string& out) const { return " --checkpoint " + file("checkpoint") + " --audio " + file("hello.wav") + " --out " + file(out); }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder / name); }

  scratch_folder folder;
  made_person person{24};
};

std::int64_t frames_of(const std::string& path) {
  media::decoder video(path);
  cv::Mat frame;
  std::int64_t n = 0;
  while (video.next(frame)) ++n;
  return n;
}

BOOST_FIXTURE_TEST_SUITE(train_and_render, made_case, *boost::unit_test::precondition(needs("VISEME_BIN")))

BOOST_AUTO_TEST_CASE(training_writes_checkpoints_log_and_previews_and_resumes) {
  const auto options = "--out " + file("out") + " --checkpoint-every 1 --preview-every 2 --holdout 0.1 ";
  const auto first = train(options + "--steps 2 --json");
  BOOST_TEST(first.status == 0, first.err);
  const auto result = nlohmann::json::parse(first.out);
  BOOST_TEST(result["step"] == 2);
  BOOST_TEST(result["held_out"]["mouth_psnr"].get<double>() > 0);
  BOOST_TEST(result["nearest_training_frame"]["mouth_psnr"].get<double>() > 0);
  BOOST_TEST(has(first.err, "mouth PSNR "));
  for (const auto* name : {"out/1.safetensors", "out/1.state", "out/2.safetensors", "out/2.state", "out/previews/2.jpg"}) BOOST_TEST(exists(name), name);
  const auto again = train(options + "--steps 3");
  BOOST_TEST(again.status == 1);
  BOOST_TEST(has(again.err, "go on with --resume"));
  const auto resumed = train(options + "--steps 4 --resume --quiet");
  BOOST_TEST(resumed.status == 0, resumed.err);
  BOOST_TEST(resumed.err == "");
  BOOST_TEST(!exists("out/1.state"));
  BOOST_TEST(exists("out/4.safetensors"));
  std::istringstream log(slurp(folder / "out/train.jsonl"));
  std::vector<int> steps;
  for (std::string line; std::getline(log, line);) steps.push_back(nlohmann::json::parse(line)["step"]);
  BOOST_TEST(steps == (std::vector<int>{1, 2, 3, 4}));
  const auto net = io::load_net(folder / "out/4.safetensors", "unet");
  BOOST_TEST(net.spec.width == "mobile");
  BOOST_TEST(train::info_of(net.spec, net.metadata, "").step == 4);
  const auto video = render(" --checkpoint " + file("out") + " --audio " + file("hello.wav") + " --out " + file("trained.mp4"));
  BOOST_TEST(video.status == 0, video.err);
}

BOOST_AUTO_TEST_CASE(training_stops_cleanly_with_a_checkpoint) {
  const auto r = train("--out " + file("out") + " --steps 100000 --quiet --json", "timeout -s INT 10 ");
  BOOST_TEST((r.status == 0 || r.status == 124));
  const auto files = train::numbered_files(folder / "out", {".safetensors"});
  BOOST_REQUIRE(!files.empty());
  BOOST_TEST(std::filesystem::exists(files.back().path.parent_path() / (std::to_string(files.back().number) + ".state")));
  BOOST_CHECK_NO_THROW(io::load_net(files.back().path, "unet"));
}

BOOST_AUTO_TEST_CASE(training_says_what_is_wrong) {
  BOOST_TEST(has(train("--out " + file("o") + " --features ave").err, "it has no ave features"));
  BOOST_TEST(has(train("--out " + file("o") + " --init " + file("hello.wav")).err, "cannot read"));
  BOOST_TEST(train("--out " + file("o") + " --width narrow").status == 2);
  BOOST_TEST(train("--out " + file("o") + " --batch none").status == 2);
  BOOST_TEST(train("--out " + file("o") + " --steps 3 --epochs 3").status == 2);
  const auto syncnet = tests::run_program(folder, "viseme-train", "syncnet --dataset x --out y");
  BOOST_TEST(syncnet.status == 1);
  BOOST_TEST(has(syncnet.err, "not in this build"));
}

BOOST_AUTO_TEST_CASE(a_video_has_exactly_the_frames_of_the_sound) {
  const auto r = render(rest("a.mp4") + " --json --quiet");
  BOOST_TEST(r.status == 0, r.err);
  BOOST_TEST(r.err == "");
  BOOST_TEST(frames_of(file("a.mp4")) == 6);
  const auto result = nlohmann::json::parse(r.out);
  BOOST_TEST(result["frames"] == 6);
  for (const auto* stage : {"audio", "features", "decode", "crop", "net", "blend", "encode", "whole"}) {
    BOOST_TEST(result["stages"][stage]["median_ms"].get<double>() > 0, stage);
    BOOST_TEST(result["stages"][stage]["p99_ms"].get<double>() >= result["stages"][stage]["median_ms"].get<double>());
  }
}

BOOST_AUTO_TEST_CASE(frames_that_come_again_cost_less_memory_permitting) {
  const auto counts = [&](const std::string& more) {
    const auto r = render(rest("k.mp4") + " --json --quiet" + more);
    BOOST_TEST(r.status == 0, r.err);
    const auto result = nlohmann::json::parse(r.out);
    return std::vector<int>{result["stages"]["net_cold"]["runs"], result["stages"]["net_warm"]["runs"], result["kept_encoder"]["frames"]};
  };
  BOOST_TEST(counts("") == (std::vector<int>{3, 3, 3}));
  BOOST_TEST(counts(" --keep-encoder 4") == (std::vector<int>{4, 2, 2}));  // a frame takes 1.5 MB
  BOOST_TEST(counts(" --keep-encoder 0") == (std::vector<int>{6, 0, 0}));
}

BOOST_AUTO_TEST_CASE(sound_may_come_from_standard_input) {
  const auto r = tests::run_program(folder, "viseme-render",
                                    "--quiet --preset ultrafast --dataset " + person.path().string() + " --checkpoint " + file("checkpoint") + " --audio - --out " + file("b.mkv"),
                                    "head -c 3201 /dev/zero | ");
  BOOST_TEST(r.status == 0, r.err);
  BOOST_TEST(frames_of(file("b.mkv")) == 3);  // 1600 samples
}

BOOST_AUTO_TEST_CASE(another_frame_rate_keeps_the_length) {
  const auto r = render(rest("c.mp4") + " --fps 50 --blend reference --window reference --no-loop-back --start-frame 3");
  BOOST_TEST(r.status == 0, r.err);
  BOOST_TEST(frames_of(file("c.mp4")) == 11);
}

BOOST_AUTO_TEST_CASE(rendering_says_what_is_wrong_and_leaves_nothing) {
  const auto fails = [&](const std::string& arguments, int status, const std::string& part) {
    const auto r = render(arguments);
    BOOST_TEST(r.status == status, arguments << ": " << r.err);
    BOOST_TEST(has(r.err, part), arguments << ": " << r.err);
    BOOST_TEST(!exists("d.mp4"));
  };
  fails(rest("d.mp4") + " --features ave", 1, "its features is mel, not ave");
  fails(rest("d.mp4") + " --width wide", 1, "its width is mobile, not wide");
  fails(rest("d.mp4") + " --mode core-clips", 1, "not in this build");
  fails(rest("d.mp4") + " --blend soft", 1, "choose feather or reference");
  fails(rest("d.mp4") + " --start-frame -1", 2, "negative");
  fails(rest("d.mp4") + " --window odd", 2, "--window");
  fails(rest("d.mp4") + " --keep-encoder -1", 2, "--keep-encoder");
  fails(rest("d.xyz"), 1, "unknown kind of file");
  fails(" --checkpoint " + file("") + " --audio " + file("hello.wav") + " --out " + file("d.mp4"), 1, "no file named by a number");
  fails(" --checkpoint " + file("checkpoint") + " --audio " + file("none.wav") + " --out " + file("d.mp4"), 1, "none.wav");
  fails(" --checkpoint " + file("checkpoint") + " --audio " + file("hello.wav") + " --out " + file("none/d.mp4"), 1, "cannot write");
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_nothing) {
  const auto r = render(rest("e.mp4"), "ulimit -f 4; ");
  BOOST_TEST(r.status != 0);
  BOOST_TEST(!exists("e.mp4"));
  const auto t = train("--out " + file("full") + " --steps 1", "ulimit -f 400; ");
  BOOST_TEST(t.status != 0);
  BOOST_TEST(train::numbered_files(folder / "full", {".safetensors", ".state"}).empty());
}

BOOST_AUTO_TEST_CASE(stopping_leaves_nothing_or_a_playable_part) {
  audio::write_wav(folder / "long.wav", made_sound(16000 * 60));
  const auto arguments = " --checkpoint " + file("checkpoint") + " --audio " + file("long.wav") + " --out " + file("f.mp4");
  render(arguments, "timeout -s INT 3 ");
  BOOST_TEST(!exists("f.mp4"));
  for (const char* seconds : {"10", "30", "120"})  // how long the first frames take depends on the machine and the build
    if (!exists("f.mp4")) render(arguments + " --keep-partial", std::string("timeout -s INT ") + seconds + " ");
  BOOST_REQUIRE(exists("f.mp4"));
  BOOST_TEST(frames_of(file("f.mp4")) > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace train_and_render_suite
