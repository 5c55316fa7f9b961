// The layers of a net as a device runs them, seen from outside: what each one computes, and one of them run alone.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <viseme/core/shape.hpp>
#include <viseme/graph/parameters.hpp>
#include <viseme/layers/conv2d.hpp>

namespace viseme {

/// A fused op is used in inference where it exists, in training where it also has `backward`.
enum class purpose { inference, training };

/// "pointwise", "depthwise3x3", "conv2d" (any other convolution), "batch_norm", "relu", ...
struct layer_part {
  std::string kind;
  std::optional<conv> convolution;
  double slope = 0;  // of a leaky ReLU
};

/// One layer or fused group of layers: what one call of the backend computes.
struct layer_info {
  std::string path;                         // of its first layer, in PyTorch's words
  std::vector<layer_part> parts;            // in order; more than one: fused
  std::vector<shape> inputs;                // a value that is read twice counts once
  shape output;
  std::vector<parameter_entry> parameters;  // one layer after the other
  double multiply_adds = 0;                 // of the convolutions, once forward
  double bytes = 0;                         // inputs, parameters and output, once each
  std::string ran_by;                       // the device's backend or a fallback of it
};

/// One layer with memory of its own. run() allocates nothing. Not for two threads at once.
class layer_run {
public:
  virtual ~layer_run() = default;
  virtual const layer_info& info() const = 0;
  /// Dense NCHW float32 of exactly the value's size.
  virtual void write(int input, std::span<const float> nchw) = 0;
  virtual void read(std::span<float> nchw) const = 0;
  /// In inference from parameters prepared once; in training as a training step does it: they are packed again, and norms use the batch.
  virtual void forward() = 0;
  /// Made for training, and the layer has gradients.
  virtual bool has_backward() const = 0;
  /// Gradients of all inputs, overwritten, and of all parameters, added, for an output gradient that is set at construction. Behind forward().
  virtual void backward() = 0;
  /// Values, gradients, parameters and scratch.
  virtual std::size_t memory_bytes() const = 0;
};

}  // namespace viseme
