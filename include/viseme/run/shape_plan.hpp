// Shapes of every value of a net for given input shapes, and which layers a request from some values to others needs.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/graph/lower.hpp>
#include <viseme/run/op.hpp>
#include <viseme/run/request.hpp>

namespace viseme {

/// Shapes of the net's inputs at batch n, as the net states them.
template <class Net>
std::vector<shape> default_input_shapes(int n) {
  std::vector<shape> s;
  for (int i = 0; i < graph::lowered<Net>::table.inputs; ++i) s.push_back(Net::input_shape(i, n));
  return s;
}

template <class Net>
struct shape_plan {
  using low = graph::lowered<Net>;
  static constexpr int values = low::table.values;

  std::array<shape, values> size{};
  std::array<bool, values> fed{}, wanted{}, needed{};  // needed: computed or fed on the way from `from` to `to` and `keep`
  std::array<bool, values> resumed{};                  // computed on the way from `from` and `keep` to `to`

  shape_plan(const std::vector<shape>& inputs, const cut& c) {
    const auto& t = low::table;
    require(int(inputs.size()) == t.inputs, "input shapes", "the net has " + std::to_string(t.inputs) + " inputs", "give one shape each");
    for (int i = 0; i < t.inputs; ++i) {
      require(inputs[i].n > 0 && inputs[i].h > 0 && inputs[i].w > 0 && inputs[i].c == t.input_channels[i], "input " + std::string(t.input_names[i].key.view()),
              "its shape is " + text(inputs[i]) + ", the net wants " + std::to_string(t.input_channels[i]) + " channels", "give a matching array");
      size[i] = inputs[i];
    }
    propagate();
    mark(c);
  }

  call_shapes of(const graph::values& in, int out) const {
    call_shapes s{.in = {}, .out = size[out]};
    s.in.count = in.count;
    for (int k = 0; k < in.count; ++k) s.in.in[k] = size[in.id[k]];
    return s;
  }

  static int find(const std::string& key) {
    const int out = low::table.find_output(key);
    return out >= 0 ? out : low::table.find_input(key);
  }

private:
  void propagate() {
    const auto& t = low::table;
    for (int i = 0; i < t.nodes; ++i) {
      const auto& node = t.node_at[i];
      shapes in;
      in.count = node.input_count;
      for (int k = 0; k < in.count; ++k) in.in[k] = size[node.inputs[k]];
      const auto refuse = [&](const std::string& why) {
        throw error("layer " + std::string(node.label.view()), why, "check the heights and widths of the net's inputs");
      };
      for (int k = 1; k < in.count && low::facts[i].joins; ++k)
        if (in[k].h != in[0].h || in[k].w != in[0].w || in[k].n != in[0].n) refuse("joins " + text(in[0]) + " and " + text(in[k]));
      const shape s = low::facts[i].out(in);
      if (s.h <= 0 || s.w <= 0) refuse("leaves nothing of an input " + text(in[0]));
      size[t.inputs + i] = s;
    }
  }

  void mark(const cut& c) {
    const auto& t = low::table;
    for (const auto& key : c.to) wanted[known(find(key), key)] = true;
    if (c.to.empty()) wanted[values - 1] = true;
    for (const auto& key : c.from) {
      const int in = t.find_input(key);
      fed[known(in >= 0 ? in : t.find_output(key), key)] = true;
    }
    if (c.from.empty())
      for (int i = 0; i < t.inputs; ++i) fed[i] = true;
    auto given = fed;
    resumed = wanted;
    for (const auto& key : c.keep) {
      const int v = known(t.find_output(key), key);
      given[v] = wanted[v] = true;
    }
    needed = wanted;
    mark_behind(needed, fed);
    mark_behind(resumed, given);
    for (int v = 0; v < values; ++v) resumed[v] = resumed[v] && !given[v];
    for (int i = 0; i < t.inputs; ++i)
      require(!needed[i] || fed[i], "input " + std::string(t.input_names[i].key.view()), "what is asked for depends on it and it is not fed", "name it, or a value behind it, among the inputs");
  }

  /// Adds what the marked values are computed from, up to what is given.
  static void mark_behind(std::array<bool, values>& marked, const std::array<bool, values>& given) {
    const auto& t = low::table;
    for (int v = values - 1; v >= t.inputs; --v) {
      if (!marked[v] || given[v]) continue;
      const auto& node = t.node_at[v - t.inputs];
      for (int k = 0; k < node.input_count; ++k) marked[node.inputs[k]] = true;
    }
  }

  static int known(int v, const std::string& key) {
    require(v >= 0, "value '" + key + "'", "the net has no such input or step", "use a name listed for the net");
    return v;
  }
};

}  // namespace viseme
