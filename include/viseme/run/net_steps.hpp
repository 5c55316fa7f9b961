// A net's steps on one backend with the net's type forgotten: functions, shapes and names.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <viseme/graph/layer_kind.hpp>
#include <viseme/run/layers.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template <class B>
struct net_steps {
  std::span<const step<B>> steps;
  std::vector<layer_info> layers;  // one a step
  std::vector<parameter_entry> entries;
};

namespace detail {

struct net_tables {
  int inputs;
  std::span<const graph::node> nodes;
  std::span<const graph::layer_kind> kinds;
  std::span<const parameter_entry> entries;
};

template <class Net>
net_tables tables_of(std::span<const parameter_entry> entries) {
  constexpr auto& t = graph::lowered<Net>::table;
  return {t.inputs, t.node_at, graph::layer_kinds<Net>, entries};
}

/// `size`: of every value of the net.
template <class B>
layer_info describe(const step<B>& s, const net_tables& net, std::span<const shape> size) {
  layer_info l;
  l.path = net.nodes[s.range.first].label.view();
  l.output = size[s.out];
  l.ran_by = s.ran_by;
  double elements = double(l.output.count());
  for (int k = 0; k < s.in.count; ++k) {
    const auto before = std::span(s.in.id).first(k);
    if (std::ranges::find(before, s.in.id[k]) != before.end()) continue;
    l.inputs.push_back(size[s.in.id[k]]);
    elements += double(l.inputs.back().count());
  }
  for (int node = s.range.first; node < s.range.first + s.range.count; ++node) {
    const auto& kind = net.kinds[node];
    l.parts.push_back({std::string(kind.name), kind.convolution ? std::optional(*kind.convolution) : std::nullopt, kind.slope});
    const shape out = size[net.inputs + node];
    if (const auto* c = kind.convolution) l.multiply_adds += double(out.count()) * (c->in / c->groups) * c->kernel.h * c->kernel.w;
    for (int index = 0;; ++index) {
      const auto found = std::ranges::find_if(net.entries, [&](const auto& e) { return e.node == node && e.index == index; });
      if (found == net.entries.end()) break;
      l.parameters.push_back(*found);
      elements += double(found->count);
    }
  }
  l.bytes = elements * sizeof(typename B::scalar);
  return l;
}

}  // namespace detail

/// Each of `list`, steps of Net, for given sizes of every value.
template <class B, class Net>
net_steps<B> describe(std::span<const step<B>> list, std::span<const shape> size) {
  net_steps<B> all{list, {}, graph::parameters<Net>()};
  for (const auto& s : list) all.layers.push_back(detail::describe(s, detail::tables_of<Net>(all.entries), size));
  return all;
}

}  // namespace viseme
