// Written models, read back by ONNX's own library.
#include <boost/test/unit_test.hpp>
#include <cstring>

#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include "../io/files.hpp"
#include "every_net.hpp"

#include <viseme/io/onnx_writer.hpp>
#include <viseme/run/onnx_export.hpp>

namespace file_suite {

using namespace viseme;
using namespace viseme::tests;

::onnx::ModelProto written(const scratch_folder& folder, const net_spec& spec, const std::vector<float>& block) {
  const auto path = folder / "net.onnx";
  io::write_onnx(path, io::onnx_model(export_onnx(spec), net_parameters(spec), block, {{"net", spec.net}, {"features", spec.features}}));
  ::onnx::ModelProto model;
  BOOST_REQUIRE(model.ParseFromString(slurp(path)));
  return model;
}

std::string size(const ::onnx::TensorShapeProto::Dimension& d) { return d.has_dim_param() ? d.dim_param() : std::to_string(d.dim_value()); }

/// "3 320 320": the inference of ONNX forgets the batch's name at a Resize.
std::string sizes_of_a_sample(const ::onnx::ValueInfoProto& v) {
  const auto& shape = v.type().tensor_type().shape();
  return shape.dim_size() == 4 ? size(shape.dim(1)) + " " + size(shape.dim(2)) + " " + size(shape.dim(3)) : "not of four sizes";
}

BOOST_AUTO_TEST_SUITE(file)

BOOST_AUTO_TEST_CASE(every_net_passes_the_checker_and_its_shapes_are_those_inferred) {
  const scratch_folder folder;
  for (const auto& spec : every_net()) {
    BOOST_TEST_CONTEXT(tests::text(spec)) {
      auto model = written(folder, spec, std::vector<float>(block_size(net_parameters(spec)), 0.5f));
      BOOST_CHECK_NO_THROW(::onnx::checker::check_model(model));
      const std::vector<::onnx::ValueInfoProto> stated(model.graph().output().begin(), model.graph().output().end());
      for (auto& v : *model.mutable_graph()->mutable_output()) v.mutable_type()->mutable_tensor_type()->clear_shape();
      ::onnx::shape_inference::InferShapes(model, ::onnx::OpSchemaRegistry::Instance(), {true, 1, false});
      for (std::size_t i = 0; i < stated.size(); ++i)
        BOOST_TEST(sizes_of_a_sample(model.graph().output(int(i))) == sizes_of_a_sample(stated[i]));
      for (const auto& v : model.graph().value_info()) BOOST_TEST(v.type().tensor_type().shape().dim_size() == 4, v.name());
    }
  }
}

BOOST_AUTO_TEST_CASE(weights_keep_names_sizes_and_bits) {
  const scratch_folder folder;
  const net_spec spec{"audio_encoder"};
  const auto block = initial_block(spec, 1);
  const auto model = written(folder, spec, block);
  int found = 0;
  for (const auto& e : net_parameters(spec))
    for (const auto& t : model.graph().initializer()) {
      if (t.name() != e.name) continue;
      ++found;
      BOOST_TEST(std::vector<std::int64_t>(t.dims().begin(), t.dims().end()) == e.sizes, boost::test_tools::per_element());
      BOOST_REQUIRE_EQUAL(t.raw_data().size(), e.count * sizeof(float));
      BOOST_TEST(std::memcmp(t.raw_data().data(), block.data() + e.offset, t.raw_data().size()) == 0, e.name);
    }
  BOOST_TEST(found == model.graph().initializer_size());
}

BOOST_AUTO_TEST_CASE(what_a_reader_is_told) {
  const scratch_folder folder;
  const net_spec spec{"syncnet", "wenet"};
  const auto model = written(folder, spec, initial_block(spec, 1));
  BOOST_TEST(model.graph().name() == "syncnet");
  BOOST_TEST(model.producer_name() == "viseme");
  BOOST_TEST(model.opset_import(0).version() == 13);
  for (const auto& v : {model.graph().input(0), model.graph().output(0)})
    BOOST_TEST(size(v.type().tensor_type().shape().dim(0)) == "batch");
  BOOST_TEST(sizes_of_a_sample(model.graph().input(0)) == "3 320 320");
  BOOST_TEST(sizes_of_a_sample(model.graph().input(1)) == "128 16 32");
  BOOST_TEST(model.metadata_props(0).key() + "=" + model.metadata_props(0).value() == "features=wenet");
}

BOOST_AUTO_TEST_CASE(a_block_of_another_size_is_refused) {
  check_error([] { io::onnx_model(export_onnx({"vgg19"}), net_parameters({"vgg19"}), std::vector<float>(7), {}); }, "7 numbers for");
}

BOOST_AUTO_TEST_CASE(nothing_is_left_where_the_file_cannot_be) {
  const scratch_folder folder;
  check_error([&] { io::write_onnx(folder / "none/net.onnx", {}); }, "cannot write");
  BOOST_TEST(folder.files() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace file_suite
