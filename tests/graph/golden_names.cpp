// The nets' parameters against checkpoints of PyTorch: the same names and shapes, none missing and none too many.
#include <boost/test/unit_test.hpp>
#include <algorithm>

#include <tests/environment.hpp>
#include <viseme/io/checkpoint.hpp>
#include <viseme/io/npy.hpp>
#include <viseme/run/runner.hpp>

namespace golden_names_suite {

using namespace viseme;
using namespace viseme::tests;

void check_names(const char* file, const net_spec& spec, const std::string& prefix = "") {
  const auto checkpoint = io::read_checkpoint(golden() / file);
  const auto entries = checkpoint_parameters(spec);
  BOOST_TEST(checkpoint.tensors.size() == entries.size());
  for (const auto& e : entries) {
    BOOST_REQUIRE_MESSAGE(e.name.starts_with(prefix), e.name);
    const auto found = checkpoint.tensors.find(e.name.substr(prefix.size()));
    BOOST_REQUIRE_MESSAGE(found, e.name << " is not in " << file);
    BOOST_TEST(found->sizes == e.sizes, e.name);
  }
}

void check_trained_names(const char* file, const net_spec& spec) {
  auto want = io::read_npz_strings(golden() / file, "names");
  std::vector<std::string> have;
  for (const auto& e : net_parameters(spec))
    if (e.trainable) have.push_back(e.name);
  std::sort(want.begin(), want.end());
  std::sort(have.begin(), have.end());
  BOOST_TEST(have == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE(golden_names, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(unet) { check_names("unet_ave_mobile.pth", {"unet", "ave", "mobile"}); }
BOOST_AUTO_TEST_CASE(audio_encoder) { check_names("audio_visual_encoder.pth", {"audio_encoder", "", ""}, "audio_encoder."); }
BOOST_AUTO_TEST_CASE(pfld) { check_names("pfld.pth.tar", {"pfld", "", ""}); }
BOOST_AUTO_TEST_CASE(trained_parameters) {
  check_trained_names("train_unet_ave_mobile.npz", {"unet", "ave", "mobile"});
  check_trained_names("train_syncnet_ave.npz", {"syncnet", "ave", ""});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_names_suite
