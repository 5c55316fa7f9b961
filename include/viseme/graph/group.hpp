// Fusion: runs of neighbouring layers for which a backend has a fused op become one step.
#pragma once

#include <array>
#include <string_view>

#include <viseme/graph/layer_kind.hpp>
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

/// For each value whether it may be inside a group: no name, one reader.
template <class Table>
constexpr auto hidden_values(const Table& t) {
  std::array<int, Table::values> readers{};
  for (const auto& n : t.node_at)
    for (int k = 0; k < n.input_count; ++k) ++readers[n.inputs[k]];
  std::array<bool, Table::values> hidden{};
  for (int v = 0; v < Table::values; ++v) hidden[v] = readers[v] == 1;
  for (const auto& n : t.names) hidden[n.value] = false;
  hidden[Table::values - 1] = false;
  return hidden;
}

/// True if the nodes from `first` on that read as `pattern` are a chain of hidden values, and nothing that the group reads beside its first input is
/// made inside it. Nodes read the chain as their first input; sums, which have no order, as any of theirs.
template <class Table>
constexpr bool is_chain(const Table& t, const std::array<bool, Table::values>& hidden, int first, std::string_view pattern) {
  for (int i = first + 1; i < first + int(pattern.size()); ++i) {
    const int before = t.inputs + i - 1;
    if (!hidden[before]) return false;
    const auto& n = t.node_at[i];
    int links = 0;
    for (int k = 0; k < n.input_count; ++k) {
      if (n.inputs[k] == before && (k == 0 || pattern[i - first] == '+')) ++links;
      else if (n.inputs[k] >= t.inputs + first) return false;
    }
    if (links != 1) return false;
  }
  return true;
}

/// A layer as patterns of fusion write it: c a convolution, n a norm, a an activation, + a sum, u an upsampling, j a concatenation (join).
constexpr char letter_of(const layer_kind& k) {
  if (k.convolution) return 'c';
  if (k.name == "batch_norm") return 'n';
  if (k.name == "relu" || k.name == "leaky_relu" || k.name == "sigmoid") return 'a';
  if (k.name == "add") return '+';
  if (k.name == "upsample2x") return 'u';
  if (k.name == "concat") return 'j';
  return '.';
}

/// True if the layers from `first` on read as `pattern`.
template <class Net>
constexpr bool reads_as(int first, std::string_view pattern) {
  const auto& kinds = layer_kinds<Net>;
  if (first + pattern.size() > kinds.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (letter_of(kinds[first + i]) != pattern[i]) return false;
  return true;
}

/// Where a pattern fits and the values between are hidden: what may become groups, by first node.
template <class Net, std::size_t Patterns>
constexpr auto candidates(const std::array<std::string_view, Patterns>& patterns) {
  constexpr auto& t = lowered<Net>::table;
  const auto hidden = hidden_values(t);
  grouping<t.nodes * (Patterns + 1)> found;
  for (int i = 0; i < t.nodes; ++i)
    for (const auto& pattern : patterns)
      if (reads_as<Net>(i, pattern) && is_chain(t, hidden, i, pattern)) found.group[found.groups++] = {i, int(pattern.size())};
  return found;
}

/// Longest match first, from front to back. `Fusing::patterns`: sequences of two and more layers that may have a fused op; only for these are types
/// made, and `Fusing::accept<Layer>::value` says whether a fused layer may be used.
template <class Net, class Fusing>
constexpr auto group() {
  constexpr int nodes = lowered<Net>::table.nodes;
  constexpr auto found = candidates<Net>(Fusing::patterns);
  std::array<int, nodes> longest{};
  longest.fill(1);
  unrolled<found.groups>([&](auto k) {
    constexpr group_range range = found.group[k];
    if constexpr (Fusing::template accept<typename group_layer<Net, range.first, range.count>::type>::value)
      longest[range.first] = longest[range.first] < range.count ? range.count : longest[range.first];
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
