// Outputs and inner parts of every net against the float64 numbers: `reference` in double, `cpu` in float.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <tests/nets/golden_run.hpp>

namespace {

using namespace viseme;
using namespace viseme::tests;

struct golden_case {
  std::string file;
  net_spec spec;
  std::vector<value_info> inputs;
  std::vector<std::string> parts;  // beside the output, or all where the net's outputs have names of their own
  double norm_gain = 1;
};

std::ostream& operator<<(std::ostream& o, const golden_case& c) { return o << c.file; }

std::vector<golden_case> all_cases() {
  std::vector<golden_case> cases;
  const auto audio = [](const std::string& f, int n, bool sync) -> shape {
    if (f == "hubert") return {n, 32, 32, 32};
    if (f == "wenet") return {n, sync ? 128 : 256, 16, 32};
    return {n, 32, 16, 16};
  };
  for (const std::string width : {"wide", "mobile"})
    for (const std::string f : {"ave", "hubert", "wenet"})
      cases.push_back({"unet_" + f + "_" + width, {"unet", f, width}, {{"image", {1, 6, 320, 320}}, {"audio", audio(f, 1, false)}}, {"output", "inc", "down5", "audio_model", "fuse_conv", "up1"}});
  for (const std::string f : {"ave", "hubert", "wenet"})
    cases.push_back({"syncnet_" + f, {"syncnet", f, ""}, {{"face", {2, 3, 320, 320}}, {"audio", audio(f, 2, true)}}, {"audio", "face"}});
  cases.push_back({"audio_encoder", {"audio_encoder", "", ""}, {{"mel", {3, 1, 80, 16}}}, {"output"}});
  cases.push_back({"pfld", {"pfld", "", ""}, {{"face", {2, 3, 192, 192}}}, {"output"}, 1.0 / 8});
  cases.push_back({"vgg19_conv33", {"vgg19", "", ""}, {{"face", {1, 3, 64, 64}}}, {"output"}});
  return cases;
}

/// Channel planes cut to their upper left corner, as the golden file keeps `inc`.
std::vector<float> corner(const std::vector<float>& values, shape s, int side) {
  std::vector<float> cut;
  for (int plane = 0; plane < s.n * s.c; ++plane)
    for (int h = 0; h < side; ++h)
      for (int w = 0; w < side; ++w) cut.push_back(values[(std::size_t(plane) * s.h + h) * s.w + w]);
  return cut;
}

void check(const golden_case& c, const std::shared_ptr<device>& on, bool exact) {
  const auto block = net_block(c.spec, golden_block(checkpoint_parameters(c.spec), c.norm_gain));
  session_options o{.batch = c.inputs[0].size.n, .image = {c.inputs[0].size.h, c.inputs[0].size.w}, .cut = {{}, c.parts}};
  const auto session = on->prepare(c.spec, block)->make_session(o);
  for (const auto& in : c.inputs) session->write(in.name, golden_values(in.name, in.size));
  session->run();
  const auto truth = io::read_npz(golden() / (c.file + ".npz"));
  for (const auto& out : session->outputs()) {
    std::vector<float> have(out.size.count());
    session->read(out.name, have);
    if (out.name == "inc") have = corner(have, out.size, 16);
    check_close(c.file + "/" + out.name, compare(have, truth.at(out.name).to_double()), allowed(exact, c.file, out.name));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_forward, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_DATA_TEST_CASE(reference_in_double, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("reference", dtype::fp64);
  check(c, on, true);
}

BOOST_DATA_TEST_CASE(cpu_in_float, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("cpu");
  check(c, on, false);
}

BOOST_AUTO_TEST_SUITE_END()
