// Nets as ONNX graphs, before any file.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <unordered_set>

#include "every_net.hpp"

#include <viseme/core/error.hpp>
#include <viseme/run/onnx_export.hpp>

namespace graph_suite {

using namespace viseme;
using namespace viseme::tests;

std::map<std::string, int> operators(const onnx_graph& g) {
  std::map<std::string, int> count;
  for (const auto& n : g.nodes) ++count[n.op];
  return count;
}

const onnx_node& giving(const onnx_graph& g, const std::string& value) {
  const auto found = std::ranges::find(g.nodes, value, &onnx_node::output);
  BOOST_REQUIRE_MESSAGE(found != g.nodes.end(), "no node gives " << value);
  return *found;
}

BOOST_AUTO_TEST_SUITE(graph)

BOOST_AUTO_TEST_CASE(every_value_has_one_name_and_is_made_before_it_is_read) {
  for (const auto& spec : every_net()) {
    BOOST_TEST_CONTEXT(tests::text(spec)) {
      const auto g = export_onnx(spec);
      std::unordered_set<std::string> known{""};
      const auto define = [&](const std::string& name) { BOOST_TEST(known.insert(name).second, name); };
      for (const auto& v : g.inputs) define(v.name);
      for (const auto& c : g.constants) define(c.name);
      for (const auto& p : net_parameters(spec)) define(p.name);
      for (const auto& n : g.nodes) {
        for (const auto& name : n.inputs) BOOST_TEST(known.count(name) == 1u, n.output << " reads " << name);
        define(n.output);
      }
      for (const auto& v : g.outputs) BOOST_TEST(known.count(v.name) == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_parameter_but_step_counters_is_read) {
  for (const auto& spec : every_net()) {
    std::unordered_set<std::string> read;
    for (const auto& n : export_onnx(spec).nodes) read.insert(n.inputs.begin(), n.inputs.end());
    for (const auto& p : net_parameters(spec))
      BOOST_TEST(read.count(p.name) == (p.name.ends_with("num_batches_tracked") ? 0u : 1u), p.name);
  }
}

BOOST_AUTO_TEST_CASE(inputs_and_outputs_are_the_nets_own) {
  const auto g = export_onnx({"unet", "hubert", "mobile"});
  BOOST_REQUIRE(g.inputs.size() == 2u && g.outputs.size() == 1u);
  BOOST_TEST((g.inputs[0].name == "image" && g.inputs[0].size == shape{1, 6, 320, 320}));
  BOOST_TEST((g.inputs[1].name == "audio" && g.inputs[1].size == shape{1, 32, 32, 32}));
  BOOST_TEST((g.outputs[0].name == "output" && g.outputs[0].size == shape{1, 3, 320, 320}));
  for (const char* net : {"audio_encoder", "pfld", "vgg19"}) BOOST_TEST(export_onnx({net}).outputs.at(0).name == "output");
}

BOOST_AUTO_TEST_CASE(outputs_named_like_inputs_say_that_they_are_outputs) {
  const auto g = export_onnx({"syncnet", "ave"});
  BOOST_REQUIRE(g.outputs.size() == 2u);
  BOOST_TEST(g.outputs[0].name == "audio_output");
  BOOST_TEST(g.outputs[1].name == "face_output");
  BOOST_TEST((g.outputs[1].size == shape{1, 512, 3, 3}));
}

BOOST_AUTO_TEST_CASE(the_unets_operators) {
  const auto g = export_onnx({"unet", "ave", "wide"});
  const auto count = operators(g);
  BOOST_TEST(count.at("Resize") == 5);
  BOOST_TEST(count.at("Concat") == 6);
  BOOST_TEST(count.at("Sigmoid") == 1);
  BOOST_TEST(g.constants.size() == 1u);
  for (const char* step : {"inc", "down5", "audio_model", "fuse_conv", "up1"}) giving(g, step);
}

BOOST_AUTO_TEST_CASE(a_convolution_says_groups_kernel_padding_and_strides) {
  const auto g = export_onnx({"pfld"});
  const auto& n = giving(g, "/conv1");
  BOOST_TEST(n.op == "Conv");
  BOOST_TEST(n.inputs == (std::vector<std::string>{"face", "conv1.weight", "conv1.bias"}));
  const auto numbers = [&](const char* name) {
    return std::get<std::vector<std::int64_t>>(std::ranges::find(n.attributes, name, &onnx_attribute::name)->value);
  };
  BOOST_TEST(numbers("kernel_shape") == (std::vector<std::int64_t>{3, 3}));
  BOOST_TEST(numbers("pads") == (std::vector<std::int64_t>{1, 1, 1, 1}));
  BOOST_TEST(numbers("strides") == (std::vector<std::int64_t>{2, 2}));
}

BOOST_AUTO_TEST_CASE(a_net_nobody_knows) { BOOST_CHECK_THROW(export_onnx({"gpt"}), error); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace graph_suite
