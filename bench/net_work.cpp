#include <bench/net_work.hpp>

#include <viseme/nets/nets.hpp>
#include <viseme/render/kept_encoder.hpp>
#include <viseme/run/shape_plan.hpp>

namespace viseme::bench {
namespace {

template <class Net>
work forward_work(int batch, const cut& part) {
  const auto net = graph::table_of<Net>();
  const shape_plan plan(net, default_input_shapes(net, batch), part);
  const auto& runs = part.keep.empty() ? plan.needed : plan.resumed;
  work total;
  for (int i = 0; i < int(net.nodes.size()); ++i) {
    if (!runs[net.inputs() + i]) continue;
    const auto& node = net.nodes[i];
    double elements = double(plan.size[net.inputs() + i].count());
    for (int k = 0; k < node.input_count; ++k) elements += double(plan.size[node.inputs[k]].count());
    total.bytes += elements * sizeof(float);
  }
  for (const auto& e : graph::parameters(net)) {
    if (!runs[net.inputs() + e.node]) continue;
    const auto out = plan.size[net.inputs() + e.node];
    if (e.sizes.size() == 4) total.macs += double(e.count) * out.n * out.h * out.w;
    total.bytes += double(e.count) * sizeof(float);
  }
  return total;
}

work forward_work(const net_case& c) {
  using enum audio_features;
  const std::string net = c.net, width = c.width;
  const cut part{{}, net == "syncnet" ? std::vector<std::string>{"audio", "face"} : std::vector<std::string>{},
                 c.task == task::resume ? render::kept_steps : std::vector<std::string>{}};
  if (net == "unet") return width == "mobile" ? forward_work<unet<ave, mobile>>(c.batch, part) : forward_work<unet<ave, wide>>(c.batch, part);
  if (net == "syncnet") return forward_work<syncnet<ave>>(c.batch, part);
  if (net == "audio_encoder") return forward_work<audio_encoder>(c.batch, part);
  return forward_work<pfld<folded>>(c.batch, part);
}

}  // namespace

work work_of(const net_case& c) {
  const auto forward = forward_work(c);
  const double passes = c.task == task::train_step ? 3 : 1;
  return {forward.macs * passes, forward.bytes * passes};
}

}  // namespace viseme::bench
