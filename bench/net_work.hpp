// What a net's case costs on paper, from its graph.
#pragma once

#include <bench/cases.hpp>

namespace viseme::bench {

/// Multiply-adds of the convolutions, and bytes of every layer's inputs, parameters and output when each layer runs alone (nothing fused).
/// A training step counts three times its forward pass.
struct work {
  double macs = 0, bytes = 0;
};

work work_of(const net_case&);

}  // namespace viseme::bench
