// Shapes of every value of a net for given input shapes, and which layers a request from some values to others needs.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/graph/net_table.hpp>
#include <viseme/run/op.hpp>
#include <viseme/run/request.hpp>

namespace viseme {

class shape_plan {
public:
  graph::net_table net;
  std::vector<shape> size;
  std::vector<bool> fed, wanted, needed;  // needed: computed or fed on the way from `from` to `to` and `keep`
  std::vector<bool> resumed;              // computed on the way from `from` and `keep` to `to`

  shape_plan(const graph::net_table& of, const std::vector<shape>& inputs, const cut& c)
      : net(of), size(net.values()), fed(net.values()), wanted(net.values()) {
    require(int(inputs.size()) == net.inputs(), "input shapes", "the net has " + std::to_string(net.inputs()) + " inputs", "give one shape each");
    for (int i = 0; i < net.inputs(); ++i) {
      require(inputs[i].n > 0 && inputs[i].h > 0 && inputs[i].w > 0 && inputs[i].c == net.input_channels[i],
              "input " + std::string(net.input_names[i].key.view()),
              "its shape is " + text(inputs[i]) + ", the net wants " + std::to_string(net.input_channels[i]) + " channels", "give a matching array");
      size[i] = inputs[i];
    }
    propagate();
    mark(c);
  }

  bool computes(int v) const { return needed[v] && !fed[v]; }

  call_shapes of(const graph::values& in, int out) const {
    call_shapes s{.in = {}, .out = size[out]};
    s.in.count = in.count;
    for (int k = 0; k < in.count; ++k) s.in.in[k] = size[in.id[k]];
    return s;
  }

  /// Elements of the largest value that is fed or wanted.
  std::size_t largest() const {
    std::size_t most = 0;
    for (int v = 0; v < net.values(); ++v)
      if (fed[v] || wanted[v]) most = std::max(most, size[v].count());
    return most;
  }

private:
  void propagate() {
    for (int i = 0; i < int(net.nodes.size()); ++i) {
      const auto& node = net.nodes[i];
      shapes in;
      in.count = node.input_count;
      for (int k = 0; k < in.count; ++k) in.in[k] = size[node.inputs[k]];
      const auto refuse = [&](const std::string& why) {
        throw error("layer " + std::string(node.label.view()), why, "check the heights and widths of the net's inputs");
      };
      for (int k = 1; k < in.count && net.facts[i].joins; ++k)
        if (in[k].h != in[0].h || in[k].w != in[0].w || in[k].n != in[0].n) refuse("joins " + text(in[0]) + " and " + text(in[k]));
      const shape s = net.facts[i].out(in);
      if (s.h <= 0 || s.w <= 0) refuse("leaves nothing of an input " + text(in[0]));
      size[net.inputs() + i] = s;
    }
  }

  void mark(const cut& c) {
    for (const auto& key : c.to) wanted[known(net.find(key), key)] = true;
    if (c.to.empty()) wanted.back() = true;
    for (const auto& key : c.from) {
      const int in = net.find_input(key);
      fed[known(in >= 0 ? in : net.find_output(key), key)] = true;
    }
    if (c.from.empty())
      for (int i = 0; i < net.inputs(); ++i) fed[i] = true;
    auto given = fed;
    resumed = wanted;
    for (const auto& key : c.keep) {
      const int v = known(net.find_output(key), key);
      given[v] = wanted[v] = true;
    }
    needed = wanted;
    mark_behind(needed, fed);
    mark_behind(resumed, given);
    for (int v = 0; v < net.values(); ++v) resumed[v] = resumed[v] && !given[v];
    for (int i = 0; i < net.inputs(); ++i)
      require(!needed[i] || fed[i], "input " + std::string(net.input_names[i].key.view()), "what is asked for depends on it and it is not fed", "name it, or a value behind it, among the inputs");
  }

  /// Adds what the marked values are computed from, up to what is given.
  void mark_behind(std::vector<bool>& marked, const std::vector<bool>& given) const {
    for (int v = net.values() - 1; v >= net.inputs(); --v) {
      if (!marked[v] || given[v]) continue;
      const auto& node = net.nodes[v - net.inputs()];
      for (int k = 0; k < node.input_count; ++k) marked[node.inputs[k]] = true;
    }
  }

  static int known(int v, const std::string& key) {
    require(v >= 0, "value '" + key + "'", "the net has no such input or step", "use a name listed for the net");
    return v;
  }
};

}  // namespace viseme
