// Whole nets on the GPU's kernels, emulated, against the float64 numbers: one of each architecture, in every dtype.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <numeric>

#include <tests/nets/training_steps.hpp>

namespace golden_emulated_suite {

using namespace viseme;
using namespace viseme::tests;
namespace data = boost::unit_test::data;

std::vector<golden_case> chosen(const std::vector<std::string>& files) {
  std::vector<golden_case> some;
  for (const auto& c : all_cases())
    if (std::find(files.begin(), files.end(), c.file) != files.end()) some.push_back(c);
  return some;
}

BOOST_AUTO_TEST_SUITE(golden_emulated, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_DATA_TEST_CASE(in_float, data::make(chosen({"unet_ave_mobile", "audio_encoder", "pfld", "vgg19_conv33"})), c) {
  check(c, golden(), open_device("emulated", dtype::fp32), dtype::fp32);
}
BOOST_DATA_TEST_CASE(in_bf16, data::make(chosen({"unet_ave_mobile", "audio_encoder", "pfld", "vgg19_conv33"})), c) {
  check(c, golden(), open_device("emulated", dtype::bf16), dtype::bf16);
}
BOOST_DATA_TEST_CASE(in_fp16, data::make(chosen({"unet_ave_mobile", "audio_encoder"})), c) {
  check(c, golden(), open_device("emulated", dtype::fp16), dtype::fp16);
}
/// Without loss scaling an L1 loss over a picture is a few of fp16's smallest steps, and gradients vanish. (Their values depend on roundings that
/// move activations across zero, so that only their size is compared.)
BOOST_AUTO_TEST_CASE(small_gradients_survive_in_fp16) {
  const net_spec unet{"unet", "ave", "mobile"};
  const auto gradients = [&](const std::shared_ptr<device>& on) {
    const auto net = on->train(unet, block_of(unet), {.batch = 1, .image = {0, 0}, .graph = {}});
    net->write("image", golden_values("image", {1, 6, 320, 320}));
    net->write("audio", golden_values("audio", {1, 32, 16, 16}));
    net->forward();
    net->loss(loss_kind::l1, "output", golden_values("face", {1, 3, 320, 320}), 1);
    net->backward();
    std::vector<float> all(trainable_size(net->parameters()));
    net->read_gradients(all);
    return all;
  };
  const auto want = gradients(open_device("cpu")), have = gradients(open_device("emulated", dtype::fp16));
  const auto norm = [](const std::vector<float>& g) { return std::sqrt(std::inner_product(g.begin(), g.end(), g.begin(), 0.0)); };
  const auto zeros = [](const std::vector<float>& g) { return std::count(g.begin(), g.end(), 0.0f); };
  BOOST_TEST(norm(have) / norm(want) > 0.5);
  BOOST_TEST(norm(have) / norm(want) < 2.0);
  BOOST_TEST(zeros(have) <= zeros(want) + std::ptrdiff_t(want.size() / 100));
}
BOOST_AUTO_TEST_CASE(training_step) { check_unet_step(open_device("emulated")); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_emulated_suite
