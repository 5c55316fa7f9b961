// Fusion: runs of neighbouring layers for which a backend has a fused op become one step.
#pragma once

#include <array>

#include <viseme/graph/lower.hpp>
#include <viseme/run/op.hpp>

namespace viseme::graph {

struct group_range {
  int first = 0, count = 0;
};

template <int Nodes>
struct grouping {
  std::array<group_range, Nodes> group{};
  int groups = 0;
};

/// Layers First .. First + Count - 1 of a net as one layer: the layer itself, or fused<...>.
template <class Net, int First, int Count>
struct group_layer {
  template <int... I>
  static auto make(std::integer_sequence<int, I...>) -> fused<typename lowered<Net>::template layer_at<First + I>...>;
  using type = decltype(make(std::make_integer_sequence<int, Count>{}));
};
template <class Net, int First>
struct group_layer<Net, First, 1> {
  using type = typename lowered<Net>::template layer_at<First>;
};

/// True if nodes first .. first + count - 1 are a chain in which no inner value is named or read elsewhere, and nothing that the group
/// reads beside its first input is made inside it.
template <class Table>
constexpr bool is_chain(const Table& t, int first, int count) {
  for (int i = first + 1; i < first + count; ++i) {
    const int before = t.inputs + i - 1;
    if (t.readers(before) != 1 || t.is_named(before)) return false;
    const auto& n = t.node_at[i];
    int links = 0;
    for (int k = 0; k < n.input_count; ++k) {
      if (n.inputs[k] == before) ++links;
      else if (n.inputs[k] >= t.inputs + first) return false;
    }
    if (links != 1) return false;
  }
  return true;
}

/// Longest match first, from front to back. `Accept<Layer>::value` says whether a fused layer may be used.
template <class Net, template <class> class Accept, int Longest>
constexpr auto group() {
  using low = lowered<Net>;
  constexpr int nodes = low::table.nodes;
  std::array<int, nodes> longest{};
  unrolled<nodes>([&](auto i) {
    longest[i] = 1;
    unrolled<Longest - 1>([&](auto less) {
      constexpr int count = less + 2;
      if constexpr (i + count <= nodes) {
        if constexpr (is_chain(low::table, i, count)) {
          if constexpr (Accept<typename group_layer<Net, i, count>::type>::value) longest[i] = count;
        }
      }
    });
  });
  grouping<nodes> g;
  for (int i = 0; i < nodes; i += longest[i]) g.group[g.groups++] = {i, longest[i]};
  return g;
}

/// Values a group reads, in order: its first node's inputs, then what later nodes read besides the chain.
template <class Table>
constexpr values group_inputs(const Table& t, group_range g) {
  values v;
  for (int i = g.first; i < g.first + g.count; ++i)
    for (int k = 0; k < t.node_at[i].input_count; ++k)
      if (const int id = t.node_at[i].inputs[k]; i == g.first || id != t.inputs + i - 1) v.id[v.count++] = id;
  return v;
}

}  // namespace viseme::graph
