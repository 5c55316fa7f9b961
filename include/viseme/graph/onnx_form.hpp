// How every layer is said in ONNX, and a lowered net as an ONNX graph. A new layer adds its onnx_form here, or the compiler names it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <viseme/graph/lower.hpp>
#include <viseme/graph/onnx_graph.hpp>
#include <viseme/layers/activation.hpp>
#include <viseme/layers/batch_norm.hpp>
#include <viseme/layers/combine.hpp>
#include <viseme/layers/conv2d.hpp>
#include <viseme/layers/normalize.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {

/// One layer while it is said: the values it reads, and the name its own value must get.
class onnx_layer {
public:
  onnx_layer(onnx_graph& graph, std::string path, std::vector<std::string> inputs, std::string output)
      : inputs(std::move(inputs)), graph_(graph), path_(std::move(path)), output_(std::move(output)) {}

  const std::vector<std::string> inputs;

  std::string parameter(const char* leaf) const { return path_.empty() ? leaf : path_ + "." + leaf; }

  /// A constant by a name that several layers may share; the first one's values count.
  std::string constant(const std::string& name, std::vector<std::int64_t> sizes, std::vector<float> values) const {
    if (std::ranges::find(graph_.constants, name, &onnx_constant::name) == graph_.constants.end())
      graph_.constants.push_back({name, std::move(sizes), std::move(values)});
    return name;
  }
  /// An operator on the way; returns the name of what it gives.
  std::string step(const std::string& op, std::vector<std::string> reads, std::vector<onnx_attribute> attributes = {}) const {
    graph_.nodes.push_back({op, std::move(reads), output_ + "/" + op, std::move(attributes)});
    return graph_.nodes.back().output;
  }
  /// The operator that gives the layer's value.
  void give(const std::string& op, std::vector<std::string> reads, std::vector<onnx_attribute> attributes = {}) const {
    graph_.nodes.push_back({op, std::move(reads), output_, std::move(attributes)});
  }

private:
  onnx_graph& graph_;
  std::string path_, output_;
};

namespace detail {

using onnx_numbers = std::vector<std::int64_t>;

inline void say_convolution(const onnx_layer& l, const conv& s) {
  std::vector<std::string> reads{l.inputs[0], l.parameter("weight")};
  if (s.bias) reads.push_back(l.parameter("bias"));
  l.give("Conv", std::move(reads),
         {{"group", std::int64_t(s.groups)},
          {"kernel_shape", onnx_numbers{s.kernel.h, s.kernel.w}},
          {"pads", onnx_numbers{s.pad.h, s.pad.w, s.pad.h, s.pad.w}},
          {"strides", onnx_numbers{s.stride.h, s.stride.w}}});
}

inline void say_pooling(const onnx_layer& l, const char* op, int size) {
  l.give(op, {l.inputs[0]}, {{"kernel_shape", onnx_numbers{size, size}}, {"strides", onnx_numbers{size, size}}});
}

}  // namespace detail

/// onnx_form<Layer>::say(onnx_layer) appends the layer's operators.
template <class Layer>
struct onnx_form {
  static_assert(sizeof(Layer) == 0, "this layer has no onnx_form");
};

template <conv S>
struct onnx_form<conv2d<S>> {
  static void say(const onnx_layer& l) { detail::say_convolution(l, S); }
};
template <int C>
struct onnx_form<batch_norm<C>> {
  static void say(const onnx_layer& l) {
    l.give("BatchNormalization",
           {l.inputs[0], l.parameter("weight"), l.parameter("bias"), l.parameter("running_mean"), l.parameter("running_var")},
           {{"epsilon", float(batch_norm<C>::eps)}});
  }
};
template <>
struct onnx_form<relu> {
  static void say(const onnx_layer& l) { l.give("Relu", l.inputs); }
};
template <int Divisor>
struct onnx_form<leaky_relu<Divisor>> {
  static void say(const onnx_layer& l) { l.give("LeakyRelu", l.inputs, {{"alpha", float(leaky_relu<Divisor>::slope)}}); }
};
template <>
struct onnx_form<sigmoid> {
  static void say(const onnx_layer& l) { l.give("Sigmoid", l.inputs); }
};
template <>
struct onnx_form<add> {
  static void say(const onnx_layer& l) { l.give(l.inputs.size() == 2 ? "Add" : "Sum", l.inputs); }
};
template <>
struct onnx_form<concat> {
  static void say(const onnx_layer& l) { l.give("Concat", l.inputs, {{"axis", std::int64_t(1)}}); }
};
template <>
struct onnx_form<upsample2x> {
  static void say(const onnx_layer& l) {
    l.give("Resize", {l.inputs[0], "", l.constant("upsample2x.scales", {4}, {1, 1, 2, 2})},
           {{"coordinate_transformation_mode", std::string("align_corners")}, {"mode", std::string("linear")}});
  }
};
template <int K>
struct onnx_form<max_pool<K>> {
  static void say(const onnx_layer& l) { detail::say_pooling(l, "MaxPool", K); }
};
template <int K>
struct onnx_form<average_pool<K>> {
  static void say(const onnx_layer& l) { detail::say_pooling(l, "AveragePool", K); }
};
template <>
struct onnx_form<global_average_pool> {
  static void say(const onnx_layer& l) { l.give("GlobalAveragePool", l.inputs); }
};
template <>
struct onnx_form<l2_normalize> {
  static void say(const onnx_layer& l) {
    const auto norm = l.step("ReduceL2", l.inputs, {{"axes", detail::onnx_numbers{1, 2, 3}}, {"keepdims", std::int64_t(1)}});
    const auto least = l.constant("l2_normalize.eps", {}, {float(l2_normalize::eps)});
    l.give("Div", {l.inputs[0], l.step("Max", {norm, least})});
  }
};

namespace detail {

/// Names of all values of a table: inputs and outputs as the net names them, its steps by their names, the rest by their layer's path.
/// A name that is taken already, as that of SyncNet's outputs by its inputs, gets "_output" or a number behind it.
template <class Table>
std::vector<std::string> onnx_value_names(const Table& t) {
  std::vector<std::string> names(Table::values);
  std::unordered_set<std::string> taken;
  for (const auto& n : t.input_names) taken.insert(names[n.value] = n.key.view());
  int results = 0;
  for (int v = Table::inputs; v < Table::values; ++v) results += t.readers(v) == 0;
  const auto claim = [&](int value, const std::string& wanted) {
    if (names[value].empty() && taken.insert(wanted).second) names[value] = wanted;
  };
  if (results == 1) claim(Table::values - 1, "output");
  for (auto n = t.names.rbegin(); n != t.names.rend(); ++n) {
    const std::string key(n->key.view());
    if (!key.empty()) claim(n->value, key);
    if (t.readers(n->value) == 0) claim(n->value, key + "_output");
  }
  for (int i = 0; i < Table::nodes; ++i) {
    const std::string path = "/" + std::string(t.node_at[i].label.view());
    claim(Table::inputs + i, path);
    for (int k = 2; names[Table::inputs + i].empty(); ++k) claim(Table::inputs + i, path + ":" + std::to_string(k));
  }
  return names;
}

}  // namespace detail

/// A net in inference: inputs of the net's own height and width, outputs what no layer reads. The only one is called "output".
template <class Net>
onnx_graph onnx_graph_of() {
  using low = graph::lowered<Net>;
  constexpr auto& t = low::table;
  constexpr auto say = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array{&onnx_form<typename low::template layer_at<I>>::say...};
  }
  (std::make_integer_sequence<int, t.nodes>{});

  onnx_graph g;
  const auto names = detail::onnx_value_names(t);
  std::vector<shape> size(t.values);
  for (int i = 0; i < t.inputs; ++i) g.inputs.push_back({names[i], size[i] = Net::input_shape(i, 1)});
  for (int i = 0; i < t.nodes; ++i) {
    const auto& node = t.node_at[i];
    const int value = t.inputs + i;
    std::vector<std::string> reads;
    shapes in;
    in.count = node.input_count;
    for (int k = 0; k < node.input_count; ++k) {
      reads.push_back(names[node.inputs[k]]);
      in.in[k] = size[node.inputs[k]];
    }
    size[value] = low::facts[i].out(in);
    say[i](onnx_layer(g, std::string(node.label.view()), std::move(reads), names[value]));
    if (t.readers(value) == 0) g.outputs.push_back({names[value], size[value]});
  }
  return g;
}

}  // namespace viseme
