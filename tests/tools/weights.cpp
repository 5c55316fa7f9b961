#include <sys/wait.h>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "../environment.hpp"
#include "../io/files.hpp"

#include <viseme/io/checkpoint.hpp>
#include <viseme/io/pth_writer.hpp>
#include <viseme/train/checkpoint.hpp>

namespace weights_suite {

using namespace viseme;
using namespace viseme::tests;
using namespace viseme::io;

struct outcome {
  int status;
  std::string out, err;
};

class weights_case {
public:
  weights_case() {
    checkpoint c;
    c.metadata["step"] = "7";
    c.tensors.add("a.weight", array::of(std::vector<float>{1, 2.001f, 3}, {3}));
    write_safetensors(file("a.safetensors"), c);
  }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  outcome run(const std::string& arguments) const {
    const auto command = (programs() / "viseme-weights").string() + " " + arguments + " >" + file("out") + " 2>" + file("err");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out"), slurp(folder / "err")};
  }

  scratch_folder folder;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

BOOST_FIXTURE_TEST_SUITE(weights, weights_case, *boost::unit_test::precondition(needs("VISEME_BIN")))

BOOST_AUTO_TEST_CASE(lists_names_shapes_types_and_metadata) {
  const auto r = run("list " + file("a.safetensors"));
  BOOST_CHECK_EQUAL(r.status, 0);
  BOOST_CHECK_EQUAL(r.out, "# step = 7\na.weight  (3)  fp32\n1 tensors, 3 elements, 12 bytes\n");
  BOOST_CHECK(has(run("list --json " + file("a.safetensors")).out, "\"elements\": 3"));
}

BOOST_AUTO_TEST_CASE(converts_between_formats_without_loss) {
  for (const std::string target : {"b.pth", "b.pth.tar", "b.safetensors"}) {
    BOOST_CHECK_EQUAL(run("convert " + file("a.safetensors") + " " + file(target)).status, 0);
    BOOST_CHECK_EQUAL(run("compare " + file("a.safetensors") + " " + file(target)).status, 0);
    BOOST_CHECK_EQUAL(read_checkpoint(file(target)).metadata.at("step"), "7");
  }
  BOOST_CHECK(format_of(file("b.pth.tar")) == checkpoint_format::pth_zip);
}

BOOST_AUTO_TEST_CASE(rounding_shows_in_a_comparison) {
  BOOST_CHECK_EQUAL(run("convert --dtype bf16 " + file("a.safetensors") + " " + file("b.safetensors")).status, 0);
  BOOST_CHECK(read_checkpoint(file("b.safetensors")).tensors.at("a.weight").type == element::bf16);
  const auto r = run("compare " + file("a.safetensors") + " " + file("b.safetensors"));
  BOOST_CHECK_EQUAL(r.status, 1);
  BOOST_CHECK(has(r.out, "a.weight  max absolute 0.00"));
  BOOST_CHECK_EQUAL(run("compare --tolerance 0.01 " + file("a.safetensors") + " " + file("b.safetensors")).status, 0);
}

BOOST_AUTO_TEST_CASE(failures_are_one_line_and_leave_nothing) {
  const auto r = run("convert " + file("missing.pth") + " " + file("b.safetensors"));
  BOOST_CHECK_EQUAL(r.status, 1);
  BOOST_CHECK_EQUAL(r.err, "viseme-weights: cannot read '" + file("missing.pth") + "': no such file: check the path\n");
  BOOST_CHECK(!std::filesystem::exists(file("b.safetensors")));
}

BOOST_AUTO_TEST_CASE(a_net_becomes_an_onnx_file_that_says_what_it_is) {
  const net_spec spec{"unet", "mel", "mobile"};
  viseme::train::write_checkpoint(file("unet.safetensors"), {.spec = spec}, net_parameters(spec), initial_block(spec, 1));
  const auto r = run("convert " + file("unet.safetensors") + " " + file("unet.onnx"));
  BOOST_CHECK_EQUAL(r.status, 0);
  const auto bytes = slurp(file("unet.onnx"));
  for (const auto* part : {"down1.maxpool_conv.0.double_conv.0.conv.0.weight", "image", "output", "mel", "mobile", "look_ahead"})
    BOOST_CHECK(has(bytes, part));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_net_does_not_become_an_onnx_file) {
  const auto fails = [&](const std::string& options, int status, const std::string& part) {
    const auto r = run("convert " + options + " " + file("a.safetensors") + " " + file("b.onnx"));
    BOOST_CHECK_EQUAL(r.status, status);
    BOOST_CHECK_MESSAGE(has(r.err, part), r.err);
    BOOST_CHECK(!std::filesystem::exists(file("b.onnx")));
  };
  fails("", 2, "does not say its --net");
  fails("--net audio_encoder", 1, "1 unexpected (a.weight)");
  fails("--net unet", 1, "say --features");
  fails("--net gpt", 2, "unknown");
  fails("--net audio_encoder --dtype bf16", 2, "holds fp32");
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_status_2) {
  for (const auto* arguments :
       {"", "fly", "list", "convert onlyone", "--nope", "compare --toleranc 1 a b", "compare --tolerance x a b", "verify x"})
    BOOST_CHECK_EQUAL(run(arguments).status, 2);
  BOOST_CHECK_EQUAL(run("convert --dtype int3 " + file("a.safetensors") + " " + file("b.safetensors")).status, 2);
}

BOOST_AUTO_TEST_CASE(help_and_version) {
  const auto help = run("--help"), version = run("--version");
  BOOST_CHECK_EQUAL(help.status, 0);
  for (const auto* part : {"--tolerance", "(=0)", "--config", "Example:"}) BOOST_CHECK(has(help.out, part));
  BOOST_CHECK_EQUAL(version.status, 0);
  BOOST_CHECK(version.out.starts_with("viseme "));
}

BOOST_AUTO_TEST_CASE(a_configuration_file_sets_options_and_the_command_line_wins) {
  run("convert --dtype bf16 " + file("a.safetensors") + " " + file("b.safetensors"));
  const auto pair = " compare " + file("a.safetensors") + " " + file("b.safetensors");
  spill(file("x.ini"), "tolerance = 0.5\n");
  BOOST_CHECK_EQUAL(run("--config " + file("x.ini") + pair).status, 0);
  BOOST_CHECK_EQUAL(run("--tolerance 0 --config " + file("x.ini") + pair).status, 1);
  spill(file("x.ini"), "bogus = 1\n");
  BOOST_CHECK_EQUAL(run("--config " + file("x.ini") + pair).status, 2);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_net_does_not_verify) {
  const auto r = run("verify --net audio_encoder " + file("a.safetensors"));
  BOOST_CHECK_EQUAL(r.status, 1);
  BOOST_CHECK(has(r.out, "unexpected: a.weight\n"));
  BOOST_CHECK(has(r.err, "1 unexpected (a.weight)"));
}

BOOST_AUTO_TEST_CASE(a_full_standard_output_is_an_error) {
  const auto command = (programs() / "viseme-weights").string() + " list " + file("a.safetensors") + " >/dev/full 2>/dev/null";
  BOOST_CHECK_EQUAL(WEXITSTATUS(std::system(command.c_str())), 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace weights_suite
