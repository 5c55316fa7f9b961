// A net's steps on one backend as one looks at them: functions, shapes and names.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <viseme/run/layers.hpp>
#include <viseme/run/program.hpp>

namespace viseme {

template <class B>
struct net_steps {
  std::span<const step<B>> steps;
  std::vector<layer_info> layers;  // one a step
  std::vector<parameter_entry> entries;
};

namespace detail {

/// `size`: of every value of the net.
template <class B>
layer_info describe(const step<B>& s, const graph::net_table& net, std::span<const parameter_entry> entries, std::span<const shape> size) {
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
    l.parts.push_back({std::string(kind.name), kind.convolution, kind.slope});
    const shape out = size[net.inputs() + node];
    if (const auto& c = kind.convolution) l.multiply_adds += double(out.count()) * (c->in / c->groups) * c->kernel.h * c->kernel.w;
    for (int index = 0;; ++index) {
      const auto found = std::ranges::find_if(entries, [&](const auto& e) { return e.node == node && e.index == index; });
      if (found == entries.end()) break;
      l.parameters.push_back(*found);
      elements += double(found->count);
    }
  }
  l.bytes = elements * sizeof(typename B::scalar);
  return l;
}

}  // namespace detail

/// Each step of a net, for given sizes of every value.
template <class B>
net_steps<B> describe(const program<B>& net, std::span<const shape> size) {
  net_steps<B> all{net.steps, {}, graph::parameters(net.net)};
  for (const auto& s : net.steps) all.layers.push_back(detail::describe(s, net.net, all.entries, size));
  return all;
}

}  // namespace viseme
