// A lowered net with its type forgotten: what counts, plans and looks up names is a loop over this, compiled once and not once a net.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/graph/layer_kind.hpp>
#include <viseme/graph/lower.hpp>

namespace viseme {

namespace graph {

/// Views of constants; cheap to copy.
struct net_table {
  std::span<const named_value> input_names, names;
  std::span<const int> input_channels;
  std::span<const node> nodes;
  std::span<const layer_facts> facts;  // one a node, as are kinds
  std::span<const layer_kind> kinds;
  shape (*input_shape)(int input, int batch) = nullptr;  // as the net states it; null where it does not

  constexpr int inputs() const { return int(input_names.size()); }
  constexpr int values() const { return inputs() + int(nodes.size()); }
  constexpr int find_input(std::string_view key) const { return find_value(input_names, key); }
  constexpr int find_output(std::string_view key) const {
    const int v = find_value(names, key);
    return v < 0 && key == "output" ? values() - 1 : v;
  }
  /// A value by any name, the net's own before its inputs'.
  constexpr int find(std::string_view key) const {
    const int out = find_output(key);
    return out >= 0 ? out : find_input(key);
  }
};

template <class Net>
constexpr net_table table_of() {
  using low = lowered<Net>;
  net_table t{low::table.input_names, low::table.names, low::table.input_channels, low::table.node_at, low::facts, layer_kinds<Net>};
  if constexpr (requires { Net::input_shape(0, 1); }) t.input_shape = [](int input, int batch) -> shape { return Net::input_shape(input, batch); };
  return t;
}

}  // namespace graph

/// Shapes of the net's inputs at batch n, as the net states them.
inline std::vector<shape> default_input_shapes(const graph::net_table& net, int n) {
  require(net.input_shape, "input shapes", "the net states none", "give them");
  std::vector<shape> s;
  for (int i = 0; i < net.inputs(); ++i) s.push_back(net.input_shape(i, n));
  return s;
}
template <class Net>
std::vector<shape> default_input_shapes(int n) {
  return default_input_shapes(graph::table_of<Net>(), n);
}

}  // namespace viseme
