#include <viseme/graph/onnx_form.hpp>
#include <viseme/run/onnx_export.hpp>
#include <viseme/run/with_net.hpp>

viseme::onnx_graph viseme::export_onnx(const net_spec& spec) {
  return with_net<folded>(spec, [](auto n) { return onnx_graph_of<typename decltype(n)::type>(); });
}
