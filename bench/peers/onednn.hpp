// oneDNN on our layers, in this process: the convolutions that Intel ships.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <viseme/run/layers.hpp>

namespace viseme::bench {

inline constexpr const char* onednn_install = "apt-get install libdnnl-dev and configure again";

/// Norms are folded into the weights, sums and activations are post-operations, every tensor lies as oneDNN likes it best.
class onednn_layer {
public:
  virtual ~onednn_layer() = default;
  /// Dense NCHW of the layer's input.
  virtual void write(int input, std::span<const float> nchw) = 0;
  virtual void run() = 0;
  virtual std::vector<float> output() const = 0;
};

/// This build found oneDNN.
bool has_onednn();

/// Null for layers that do not begin with a convolution, and where oneDNN refuses. `block`: the whole net's parameters.
std::unique_ptr<onednn_layer> make_onednn_layer(const layer_info&, std::span<const float> block, int threads);

}  // namespace viseme::bench
