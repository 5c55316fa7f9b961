#include <bench/net_work.hpp>

#include <viseme/nets/nets.hpp>
#include <viseme/run/shape_plan.hpp>

namespace viseme::bench {
namespace {

template <class Net>
work forward_work(int batch) {
  const auto net = graph::table_of<Net>();
  const shape_plan plan(net, default_input_shapes(net, batch), {});
  work total;
  for (int i = 0; i < int(net.nodes.size()); ++i) {
    const auto& node = net.nodes[i];
    double elements = double(plan.size[net.inputs() + i].count());
    for (int k = 0; k < node.input_count; ++k) elements += double(plan.size[node.inputs[k]].count());
    total.bytes += elements * sizeof(float);
  }
  for (const auto& e : graph::parameters(net)) {
    const auto out = plan.size[net.inputs() + e.node];
    if (e.sizes.size() == 4) total.macs += double(e.count) * out.n * out.h * out.w;
    total.bytes += double(e.count) * sizeof(float);
  }
  return total;
}

work forward_work(const net_case& c) {
  using enum audio_features;
  const std::string net = c.net, width = c.width;
  if (net == "unet") return width == "mobile" ? forward_work<unet<ave, mobile>>(c.batch) : forward_work<unet<ave, wide>>(c.batch);
  if (net == "syncnet") return forward_work<syncnet<ave>>(c.batch);
  if (net == "audio_encoder") return forward_work<audio_encoder>(c.batch);
  return forward_work<pfld<folded>>(c.batch);
}

}  // namespace

work work_of(const net_case& c) {
  const auto forward = forward_work(c);
  const double passes = c.task == task::train_step ? 3 : 1;
  return {forward.macs * passes, forward.bytes * passes};
}

}  // namespace viseme::bench
