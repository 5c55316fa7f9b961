// What the nets ask of a convolution library.
#pragma once

#include <algorithm>
#include <vector>

#include <backends/cudnn/task.hpp>
#include <tests/onnx/every_net.hpp>

namespace viseme::tests {

/// Of every dense convolution of every net all passes, each distinct task once; forward with a bias and a ReLU.
inline std::vector<backends::convolution_task> net_tasks(dtype type, int batch) {
  using backends::convolution_pass;
  std::vector<backends::convolution_task> all;
  const auto on = open_device("reference");
  for (const auto& net : every_net())
    for (const auto& l : on->layers(net, purpose::inference, batch)) {
      const auto& c = l.parts[0].convolution;
      if (!c || c->groups > 1) continue;
      const conv s{.in = c->in, .out = c->out, .kernel = c->kernel, .stride = c->stride, .pad = c->pad};
      for (const auto pass : {convolution_pass::forward, convolution_pass::data_gradient, convolution_pass::weight_gradient}) {
        backends::convolution_task t{.pass = pass, .s = s, .x = l.inputs[0], .y = l.output, .type = type};
        t.bias = t.relu = pass == convolution_pass::forward;
        if (std::ranges::find(all, t) == all.end()) all.push_back(t);
      }
    }
  return all;
}

}  // namespace viseme::tests
