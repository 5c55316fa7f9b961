#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "program.hpp"

#include <viseme/io/net_weights.hpp>
#include <viseme/io/npy.hpp>
#include <viseme/train/checkpoint.hpp>

namespace infer_suite {

using namespace viseme;
using namespace viseme::tests;

class infer_case {
public:
  infer_case() {
    const net_spec spec{"unet", "mel", "mobile"};
    train::write_checkpoint(folder / "w.safetensors", {.spec = spec}, net_parameters(spec), initial_block(spec, 1));
    std::vector<float> image(6 * 320 * 320), audio(32 * 16 * 16);
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = float(i % 251) / 251;
    for (std::size_t i = 0; i < audio.size(); ++i) audio[i] = float(i % 7) - 3;
    io::write_npy(folder / "image.npy", io::array::of(image, {1, 6, 320, 320}));
    io::write_npy(folder / "audio.npy", io::array::of(audio, {1, 32, 16, 16}));
  }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  outcome run(const std::string& arguments) const { return tests::run_program(folder, "viseme-infer", arguments); }
  std::string both() const { return "unet --weights " + file("w.safetensors") + " --input image=" + file("image.npy") + " --input audio=" + file("audio.npy"); }

  scratch_folder folder;
};

BOOST_FIXTURE_TEST_SUITE(infer, infer_case, *boost::unit_test::precondition(needs("VISEME_BIN")))

BOOST_AUTO_TEST_CASE(a_net_runs_whole_and_in_parts) {
  const auto r = run(both() + " --output output=" + file("o.npy") + " --output down5=" + file("d.npy") + " --json");
  BOOST_TEST(r.status == 0, r.err);
  BOOST_TEST(has(r.out, "\"output\":[1,3,320,320]"));
  const auto output = io::read_npy(file("o.npy"));
  BOOST_TEST(output.sizes == (std::vector<std::int64_t>{1, 3, 320, 320}));
  for (const float v : output.to_float()) BOOST_REQUIRE(v > 0 && v < 1);
  BOOST_TEST(io::read_npy(file("d.npy")).sizes == (std::vector<std::int64_t>{1, 256, 10, 10}));
  const auto part = run("unet --weights " + file("w.safetensors") + " --input audio=" + file("audio.npy") + " --output audio_model=" + file("m.npy"));
  BOOST_TEST(part.status == 0, part.err);
  BOOST_TEST(io::read_npy(file("m.npy")).sizes == (std::vector<std::int64_t>{1, 256, 10, 10}));
}

BOOST_AUTO_TEST_CASE(the_cpu_computes_in_other_dtypes) {
  const auto output = [&](const std::string& dtype) {
    const auto r = run(both() + " --backend cpu --dtype " + dtype + " --output output=" + file(dtype + ".npy"));
    BOOST_TEST(r.status == 0, r.err);
    return io::read_npy(file(dtype + ".npy")).to_float();
  };
  const auto exact = output("fp32");
  for (const auto& [dtype, most] : {std::pair<std::string, double>{"int8", 0.03}, {"bf16", 0.01}}) {
    const auto rounded = output(dtype);
    double largest = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) largest = std::max(largest, std::abs(double(rounded[i]) - exact[i]));
    BOOST_TEST((largest > 0 && largest < most), dtype << ": " << largest);
  }
}

BOOST_AUTO_TEST_CASE(mistakes_are_one_line) {
  const auto fails = [&](const std::string& arguments, int status, const std::string& part) {
    const auto r = run(arguments);
    BOOST_TEST(r.status == status, arguments << ": " << r.err);
    BOOST_TEST(has(r.err, part), arguments << ": " << r.err);
    BOOST_TEST(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  };
  const auto weights = " --weights " + file("w.safetensors");
  fails("", 2, "required");
  fails("gpt" + weights + " --input a=b --output c=d", 2, "there is no net");
  fails(both() + " --output output", 2, "NAME=FILE.npy");
  fails(both() + " --backend cpu --dtype fp16 --output output=" + file("o.npy"), 1, "fp32, bf16 and int8");
  fails(both() + " --output nowhere=" + file("o.npy"), 1, "nowhere");
  fails("unet" + weights + " --input image=" + file("image.npy") + " --output output=" + file("o.npy"), 1, "audio");
  fails("unet" + weights + " --input image=" + file("audio.npy") + " --input audio=" + file("audio.npy") + " --output output=" + file("o.npy"), 1, "");
  fails("unet" + weights + " --features wenet --input audio=" + file("audio.npy") + " --output audio_model=" + file("o.npy"), 1, "its features is mel");
  BOOST_TEST(!std::filesystem::exists(file("o.npy")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace infer_suite
