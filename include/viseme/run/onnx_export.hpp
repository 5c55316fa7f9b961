// A net by its name as an ONNX graph, behind the runner's seam: what instantiates it is in backends/onnx_export.cpp.
#pragma once

#include <viseme/graph/onnx_graph.hpp>
#include <viseme/run/runner.hpp>

namespace viseme {

/// Its nodes read the parameters that `net_parameters` lists (PFLD's are the folded net's). Throws `error` for a net nobody knows.
onnx_graph export_onnx(const net_spec&);

}  // namespace viseme
