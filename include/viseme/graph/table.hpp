// A lowered net: one row a layer, in execution order. Value v < inputs is input v; value inputs + i is what node i gives.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <viseme/layers/layer.hpp>

namespace viseme::graph {

struct node {
  std::array<int, max_inputs> inputs{};
  int input_count = 0;
  int channels = 0;  // of its output
  path label;
};

/// A value that can be fed, cut at and read by name.
struct named_value {
  name key;
  int value = 0;
};

/// Value of a name, the latest definition first; -1 if unknown.
constexpr int find_value(std::span<const named_value> names, std::string_view key) {
  for (auto i = names.size(); i-- > 0;)
    if (names[i].key.view() == key) return names[i].value;
  return -1;
}

template <int Inputs, int Nodes, int Names>
struct table {
  static constexpr int inputs = Inputs, nodes = Nodes, values = Inputs + Nodes;
  std::array<named_value, Inputs> input_names{};
  std::array<int, Inputs> input_channels{};
  std::array<graph::node, Nodes> node_at{};
  std::array<named_value, Names> names{};
  int count = 0;
  int refused = -1;  // first node whose layer does not accept its inputs' channels

  constexpr int channels_of(int value) const { return value < Inputs ? input_channels[value] : node_at[value - Inputs].channels; }

  /// Of an output or inner name; "output" means the last node where nothing else has that name.
  constexpr int find_output(std::string_view key) const {
    const int v = find_value(names, key);
    return v < 0 && key == "output" ? values - 1 : v;
  }
  constexpr int find_input(std::string_view key) const { return find_value(input_names, key); }
  constexpr bool is_named(int value) const {
    for (const auto& n : names)
      if (n.value == value) return true;
    return value == values - 1;
  }
  constexpr int readers(int value) const {
    int n = 0;
    for (int i = 0; i < count; ++i)
      for (int k = 0; k < node_at[i].input_count; ++k) n += node_at[i].inputs[k] == value;
    return n;
  }
};

}  // namespace viseme::graph
