// Outputs and inner parts of every net against the float64 numbers: `reference` in double, `cpu` in float.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <tests/nets/golden_run.hpp>

namespace {

using namespace viseme;
using namespace viseme::tests;

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
  cases.push_back(audio_encoder_case());
  cases.push_back(pfld_case());
  cases.push_back({"vgg19_conv33", {"vgg19", "", ""}, {{"face", {1, 3, 64, 64}}}, {"output"}});
  return cases;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_forward, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_DATA_TEST_CASE(reference_in_double, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("reference", dtype::fp64);
  check(c, golden(), on, dtype::fp64);
}

BOOST_DATA_TEST_CASE(cpu_in_float, boost::unit_test::data::make(all_cases()), c) {
  static const auto on = open_device("cpu");
  check(c, golden(), on, dtype::fp32);
}

BOOST_AUTO_TEST_SUITE_END()
