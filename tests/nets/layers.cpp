#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "../onnx/every_net.hpp"

#include <viseme/core/error.hpp>
#include <viseme/run/runner.hpp>

namespace layers_suite {

using namespace viseme;

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = float(i % 97) / 97;
  return values;
}

const net_spec vgg{"vgg19", "ave", "wide"}, encoder{"audio_encoder", "ave", "wide"};

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(layers_run_alone_one_behind_the_other_are_the_net) {
  const auto on = open_device("cpu", dtype::fp32, 2);
  const auto block = initial_block(vgg, 3);
  const auto infos = on->layers(vgg, purpose::inference, 1);
  const auto image = ramp(infos.front().inputs[0].count());
  auto values = image;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const auto layer = on->layer(vgg, purpose::inference, 1, i, block);
    BOOST_REQUIRE(layer->info().inputs.size() == 1u);
    layer->write(0, values);
    layer->forward();
    values.resize(layer->info().output.count());
    layer->read(values);
  }
  const auto net = on->prepare(vgg, block);
  const auto whole = net->make_session({});
  whole->write(whole->inputs()[0].name, image);
  whole->run();
  std::vector<float> expected(whole->outputs()[0].size.count());
  whole->read(whole->outputs()[0].name, expected);
  BOOST_TEST(values == expected);
}

BOOST_AUTO_TEST_CASE(every_layer_of_every_net_runs_alone) {
  const auto on = open_device("cpu", dtype::fp32, 2);
  for (const auto& net : tests::every_net()) {
    const auto block = initial_block(net, 2);
    const auto infos = on->layers(net, purpose::inference, 1);
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const auto layer = on->layer(net, purpose::inference, 1, i, block);
      for (std::size_t k = 0; k < infos[i].inputs.size(); ++k) layer->write(int(k), ramp(infos[i].inputs[k].count()));
      layer->forward();
      std::vector<float> values(infos[i].output.count());
      layer->read(values);
      BOOST_TEST(std::ranges::all_of(values, [](float v) { return std::isfinite(v); }), tests::text(net) << " " << infos[i].path);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_measured_run_is_the_run) {
  const auto on = open_device("cpu", dtype::fp32, 1);
  const auto net = on->prepare(encoder, initial_block(encoder, 1));
  const auto s = net->make_session({});
  s->write("mel", ramp(s->inputs()[0].size.count()));
  std::vector<float> plain(s->outputs()[0].size.count()), measured(plain.size());
  s->run();
  s->read("output", plain);
  const auto infos = s->layers();
  std::vector<double> milliseconds(infos.size(), -1);
  s->run(milliseconds);
  s->read("output", measured);
  BOOST_TEST(plain == measured);
  for (const double ms : milliseconds) BOOST_TEST(ms >= 0);
}

BOOST_AUTO_TEST_CASE(fusing_changes_no_multiply_adds) {
  const auto sum = [](const std::vector<layer_info>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0, [](double s, const auto& l) { return s + l.multiply_adds; });
  };
  const auto cpu = open_device("cpu", dtype::fp32, 1), reference = open_device("reference", dtype::fp32, 1);
  for (const auto& spec : {vgg, encoder, net_spec{"unet", "ave", "mobile"}}) {
    const auto fused = cpu->layers(spec, purpose::inference, 1), plain = reference->layers(spec, purpose::inference, 1);
    BOOST_TEST(fused.size() < plain.size());
    BOOST_TEST(sum(fused) == sum(plain));
    for (const auto& l : plain) BOOST_TEST(l.parts.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(every_layer_of_a_trained_net_goes_backward) {
  const net_spec mobile{"unet", "ave", "mobile"};
  const auto block = initial_block(mobile, 1);
  const auto on = open_device("cpu", dtype::fp32, 2);
  const auto infos = on->layers(mobile, purpose::training, 1);
  for (std::size_t i = 0; i < infos.size(); i += 7) {
    const auto layer = on->layer(mobile, purpose::training, 1, i, block);
    BOOST_REQUIRE(layer->has_backward());
    for (std::size_t k = 0; k < infos[i].inputs.size(); ++k) layer->write(int(k), ramp(infos[i].inputs[k].count()));
    layer->forward();
    layer->backward();
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  const auto on = open_device("cpu", dtype::fp32, 1);
  BOOST_CHECK_THROW(on->layers(encoder, purpose::training, 1), error);
  BOOST_CHECK_THROW(on->layers(encoder, purpose::inference, 0), error);
  const auto block = initial_block(encoder, 1);
  BOOST_CHECK_THROW(on->layer(encoder, purpose::inference, 1, 1000, block), error);
  BOOST_CHECK_THROW(on->layer(encoder, purpose::inference, 1, 0, std::span(block).first(3)), error);
  const auto layer = on->layer(encoder, purpose::inference, 1, 0, block);
  BOOST_TEST(!layer->has_backward());
  BOOST_CHECK_THROW(layer->backward(), error);
  BOOST_CHECK_THROW(layer->write(0, std::vector<float>(3)), error);
  BOOST_CHECK_THROW(layer->write(9, std::vector<float>(3)), error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace layers_suite
