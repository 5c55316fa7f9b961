// A net in the words of ONNX (operator set 13), as plain data. graph/onnx_form.hpp makes it, io/onnx_writer.hpp writes it to a file.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <viseme/core/shape.hpp>

namespace viseme {

inline constexpr int onnx_operator_set = 13;

struct onnx_attribute {
  std::string name;
  std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>> value;
};

/// One operator. An empty input name is an optional input left out.
struct onnx_node {
  std::string op;
  std::vector<std::string> inputs;
  std::string output;
  std::vector<onnx_attribute> attributes;
};

/// A tensor of the graph that is no parameter of the net.
struct onnx_constant {
  std::string name;
  std::vector<std::int64_t> sizes;
  std::vector<float> values;
};

/// float32 NCHW; the batch, `size.n`, is left open.
struct onnx_value {
  std::string name;
  shape size;
};

/// Nodes in execution order. They read parameters by PyTorch's names, which `parameter_entry` has too.
struct onnx_graph {
  std::vector<onnx_value> inputs, outputs;
  std::vector<onnx_node> nodes;
  std::vector<onnx_constant> constants;
};

}  // namespace viseme
