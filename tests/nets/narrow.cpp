// Nets in int8 and bf16 beside the same in fp32, on weights and inputs by the golden rule.
#include <boost/test/unit_test.hpp>

#include <tests/nets/golden_run.hpp>

namespace narrow_suite {

using namespace viseme;
using namespace viseme::tests;

struct trial {
  net_spec spec;
  std::vector<float> block = golden_block(net_parameters(spec));

  std::unique_ptr<session> start(device& on, const cut& part) const {
    auto run = on.prepare(spec, block)->make_session({.batch = 1, .image = {0, 0}, .cut = part, .keep_as = kept_as::exact});
    for (const auto& v : run->inputs()) run->write(v.name, golden_values(v.name, v.size));
    return run;
  }
  /// A value of the UNet, its own inputs fed only; of other nets their output.
  std::vector<float> value(device& on, const std::string& name) const {
    const auto from = name.starts_with("down") ? std::vector<std::string>{"image"}
                      : name == "audio_model"  ? std::vector<std::string>{"audio"}
                                               : std::vector<std::string>{};
    const auto run = start(on, {from, {name}});
    run->run();
    return read(*run, name);
  }
  static std::vector<float> read(const session& from, const std::string& name) {
    std::vector<float> all;
    for (const auto& v : from.outputs())
      if (v.name == name) all.resize(v.size.count());
    from.read(name, all);
    return all;
  }
};

double relative_l2(const std::vector<float>& have, const std::vector<float>& want) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i)
    difference += (double(have[i]) - want[i]) * (double(have[i]) - want[i]), norm += double(want[i]) * want[i];
  return std::sqrt(difference / norm);
}

BOOST_AUTO_TEST_SUITE(narrow)

BOOST_AUTO_TEST_CASE(inner_parts_and_picture_stay_close_to_fp32) {
  const auto exact = open_device("cpu", dtype::fp32, 2), rounded = open_device("cpu", dtype::int8, 2);
  for (const char* width : {"wide", "mobile"}) {
    const trial t{{"unet", "ave", width}};
    for (const char* part : {"down1", "down3", "down5", "audio_model", "fuse_conv", "up1", "up4"})
      BOOST_TEST(relative_l2(t.value(*rounded, part), t.value(*exact, part)) < 0.06, width << " " << part);
    const auto have = t.value(*rounded, "output"), want = t.value(*exact, "output");
    double square = 0;
    for (std::size_t i = 0; i < have.size(); ++i) square += (double(have[i]) - want[i]) * (double(have[i]) - want[i]);
    BOOST_TEST(-10 * std::log10(square / double(have.size())) > 40,
               width << ": " << -10 * std::log10(square / double(have.size())) << " dB");
  }
}

BOOST_AUTO_TEST_CASE(does_not_depend_on_threads) {
  const trial t{{"unet", "ave", "mobile"}};
  for (const auto type : {dtype::int8, dtype::bf16})
    BOOST_TEST((t.value(*open_device("cpu", type, 1), "output") == t.value(*open_device("cpu", type, 3), "output")));
}

BOOST_AUTO_TEST_CASE(resumes_from_a_kept_encoder) {
  const trial t{{"unet", "ave", "mobile"}};
  const auto on = open_device("cpu", dtype::int8, 2);
  const auto run = t.start(*on, {{}, {"output"}, {"down1", "down2", "down3", "down4", "down5"}});
  run->run();
  const auto whole = trial::read(*run, "output");
  const auto kept = run->keep();
  run->resume(*kept);
  BOOST_TEST((trial::read(*run, "output") == whole));
}

BOOST_AUTO_TEST_CASE(other_nets_are_as_in_fp32) {
  const trial t{{"audio_encoder", "ave", "wide"}};
  for (const auto type : {dtype::int8, dtype::bf16})
    BOOST_TEST((t.value(*open_device("cpu", type, 2), "output") == t.value(*open_device("cpu", dtype::fp32, 2), "output")));
}

BOOST_AUTO_TEST_CASE(does_not_train) {
  const net_spec spec{"unet", "ave", "mobile"};
  for (const auto type : {dtype::int8, dtype::bf16}) {
    const auto on = open_device("cpu", type, 1);
    BOOST_CHECK_EXCEPTION(on->train(spec, initial_block(spec, 1), {}), error,
                          [](const error& e) { return std::string(e.what()).find("train in fp32") != std::string::npos; });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace narrow_suite
