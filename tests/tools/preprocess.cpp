#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "../environment.hpp"
#include "../io/files.hpp"

#include <viseme/audio/samples.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/media/decoder.hpp>
#include <viseme/media/encoder.hpp>

namespace preprocess_suite {

using namespace viseme;
using namespace viseme::tests;

struct outcome {
  int status;
  std::string out, err;
};

struct preprocess_case {
  std::string file(const std::string& name) const { return (folder / name).string(); }
  std::string models(const char* landmarks = "pfld_ghostone_98pt_112.onnx") const {
    const auto models = test_data() / "models";
    return " --detector " + (models / "scrfd_2.5g_kps.onnx").string() + " --landmarks " + (models / landmarks).string() + " ";
  }
  outcome run(const std::string& arguments, const std::string& before = "") const {
    const auto command =
        before + " " + (programs() / "viseme-preprocess").string() + " " + arguments + " >" + file("out") + " 2>" + file("err");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out"), slurp(folder / "err")};
  }
  /// The first frames of a real clip with a hum.
  std::string clip(int frames) const {
    media::decoder in(test_data() / "clips/woman_close_25fps_512.mp4");
    media::encoder_options e;
    e.fps = {25, 1};
    e.width = in.info().width;
    e.height = in.info().height;
    e.preset = "ultrafast";
    e.samples.resize(std::size_t(frames) * 640, 0.1f);
    media::encoder out(file("a.mp4"), e);
    cv::Mat frame;
    for (int k = 0; k < frames && in.next(frame); ++k) out.write(frame);
    out.finish();
    return file("a.mp4");
  }
  void refused(const std::string& arguments, int status, const std::string& why) const {
    const auto r = run(arguments);
    BOOST_CHECK_EQUAL(r.status, status);
    BOOST_CHECK_MESSAGE(r.err.find(why) != r.err.npos, "'" + r.err + "' lacks '" + why + "'");
    BOOST_CHECK_EQUAL(std::count(r.err.begin(), r.err.end(), '\n'), 1);
    BOOST_CHECK(r.out.empty());
  }

  scratch_folder folder;
};

BOOST_FIXTURE_TEST_SUITE(preprocess, preprocess_case,
                         *boost::unit_test::precondition(needs("VISEME_BIN")) * boost::unit_test::precondition(needs("VISEME_TEST_DATA")))

BOOST_AUTO_TEST_CASE(clip_becomes_a_folder_with_a_report) {
  const auto arguments = clip(24) + " --out " + file("person") + models() + "--json";
  auto r = run(arguments);
  BOOST_CHECK_EQUAL(r.status, 0);
  const auto report = nlohmann::json::parse(r.out);
  BOOST_CHECK_EQUAL(report["frames"], 24);
  BOOST_CHECK(report["invalid"].empty() && !report["up_to_date"]);
  BOOST_CHECK(report["seconds"].contains("faces"));
  BOOST_CHECK_EQUAL(media::dataset::open(file("person")).frames(), 24);
  r = run(arguments + " --quiet");
  BOOST_CHECK(nlohmann::json::parse(r.out)["up_to_date"]);
  BOOST_CHECK(r.err.empty());
}

BOOST_AUTO_TEST_CASE(interrupt_keeps_unfinished_work_for_the_next_run) {
  const auto arguments = clip(24) + " --out " + file("person") + models() + "--quiet";
  const auto r = run(arguments, "timeout -s INT 0.01");
  if (r.status == 124) {
    BOOST_CHECK(!std::filesystem::exists(folder / "person/dataset.json"));
  }
  BOOST_CHECK_EQUAL(run(arguments).status, 0);
  BOOST_CHECK(std::filesystem::exists(folder / "person/dataset.json") && !std::filesystem::exists(folder / "person/.unfinished"));
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_status_2) {
  const auto out = " --quiet --out " + file("person");
  refused("", 2, "required");
  refused("a.mp4", 2, "out");
  refused("a.mp4 --features ave" + out, 2, "--ave-weights");
  refused("a.mp4 --features hubert" + out, 2, "aud_hu.npy");
  refused("a.mp4 --frames video" + out, 2, "not in this build");
  refused("a.mp4 --resume maybe" + out, 2, "--resume");
}

BOOST_AUTO_TEST_CASE(failures_are_one_line_and_leave_nothing) {
  spill(folder / "garbage.mp4", "garbage");
  const auto out = " --quiet --out " + file("person") + models();
  refused(file("garbage.mp4") + out, 1, "garbage.mp4");
  refused(file("none.mp4") + out, 1, "no such file");
  refused(file("garbage.mp4") + " --features mfcc" + out, 1, "mfcc");
  refused(file("garbage.mp4") + " --face up" + out, 1, "choice of face");
  refused(clip(5) + " --quiet --out " + file("person") + models("scrfd_2.5g_kps.onnx"), 1, "landmark net");
  BOOST_CHECK(!std::filesystem::exists(file("person")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace preprocess_suite
