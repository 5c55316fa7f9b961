// ONNX files (github.com/onnx/onnx), through its own protobuf classes.
#pragma once

#include <bit>
#include <filesystem>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include <onnx/onnx_pb.h>

#include <viseme/core/error.hpp>
#include <viseme/graph/onnx_graph.hpp>
#include <viseme/graph/parameters.hpp>
#include <viseme/io/atomic_file.hpp>

namespace viseme::io {

namespace detail {

inline void set_onnx_value(::onnx::ValueInfoProto& to, const onnx_value& from) {
  to.set_name(from.name);
  auto& type = *to.mutable_type()->mutable_tensor_type();
  type.set_elem_type(::onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const int n : {from.size.c, from.size.h, from.size.w}) type.mutable_shape()->add_dim()->set_dim_value(n);
}

inline void set_onnx_tensor(::onnx::TensorProto& to, const std::string& name, std::span<const std::int64_t> sizes,
                            std::span<const float> values) {
  static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");
  to.set_name(name);
  to.set_data_type(::onnx::TensorProto::FLOAT);
  to.mutable_dims()->Add(sizes.begin(), sizes.end());
  to.set_raw_data(values.data(), values.size_bytes());
}

inline void set_onnx_attribute(::onnx::AttributeProto& to, const onnx_attribute& from) {
  to.set_name(from.name);
  if (const auto* whole = std::get_if<std::int64_t>(&from.value)) {
    to.set_type(::onnx::AttributeProto::INT);
    to.set_i(*whole);
  } else if (const auto* real = std::get_if<float>(&from.value)) {
    to.set_type(::onnx::AttributeProto::FLOAT);
    to.set_f(*real);
  } else if (const auto* word = std::get_if<std::string>(&from.value)) {
    to.set_type(::onnx::AttributeProto::STRING);
    to.set_s(*word);
  } else {
    const auto& list = std::get<std::vector<std::int64_t>>(from.value);
    to.set_type(::onnx::AttributeProto::INTS);
    to.mutable_ints()->Add(list.begin(), list.end());
  }
}

}  // namespace detail

/// A model of `graph` with float32 weights from the flat block that `parameters` describes; parameters that no node reads are left out.
/// `metadata` becomes its properties, and metadata["net"] the graph's name.
inline ::onnx::ModelProto onnx_model(const onnx_graph& graph, const std::vector<parameter_entry>& parameters, std::span<const float> block,
                                     const std::map<std::string, std::string>& metadata) {
  require(block.size() == block_size(parameters), "weights",
          std::to_string(block.size()) + " numbers for " + std::to_string(block_size(parameters)), "give the net's own block");
  ::onnx::ModelProto model;
  model.set_ir_version(7);  // the one of operator set 13's release
  model.set_producer_name("viseme");
  model.set_producer_version(VISEME_VERSION);
  model.add_opset_import()->set_version(onnx_operator_set);
  for (const auto& [key, value] : metadata) {
    auto& property = *model.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  auto& to = *model.mutable_graph();
  const auto net = metadata.find("net");
  to.set_name(net == metadata.end() ? "net" : net->second);
  for (const auto& v : graph.inputs) detail::set_onnx_value(*to.add_input(), v);
  for (const auto& v : graph.outputs) detail::set_onnx_value(*to.add_output(), v);

  std::unordered_set<std::string> read;
  for (const auto& from : graph.nodes) {
    auto& node = *to.add_node();
    node.set_name(from.output);
    node.set_op_type(from.op);
    node.add_output(from.output);
    for (const auto& name : from.inputs) node.add_input(name), read.insert(name);
    for (const auto& attribute : from.attributes) detail::set_onnx_attribute(*node.add_attribute(), attribute);
  }
  for (const auto& e : parameters)
    if (read.count(e.name)) detail::set_onnx_tensor(*to.add_initializer(), e.name, e.sizes, block.subspan(e.offset, e.count));
  for (const auto& c : graph.constants) detail::set_onnx_tensor(*to.add_initializer(), c.name, c.sizes, c.values);
  return model;
}

/// Writes a model, whole or not at all. Throws `error` if it cannot be written or passes protobuf's 2 GB.
inline void write_onnx(const std::filesystem::path& path, const ::onnx::ModelProto& model) {
  require(model.ByteSizeLong() <= std::size_t(std::numeric_limits<int>::max()), "cannot write '" + path.string() + "'",
          "the model passes 2 GB", "choose .safetensors");
  atomic_file file(path);
  file.write(model.SerializeAsString());
  file.commit();
}

}  // namespace viseme::io
