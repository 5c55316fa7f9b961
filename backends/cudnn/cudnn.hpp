// All ops of the cudnn backend, and of cuda, which has the rest. What they all run is compiled once, in instantiate/convolutions.cpp.
#pragma once

#include <backends/cudnn/inverted_residual.hpp>
#include <backends/simt/simt.hpp>

namespace viseme::backends {

extern template struct cudnn_convolution<float>;
extern template struct cudnn_convolution<bf16>;
extern template struct cudnn_convolution<fp16>;
extern template struct cudnn_inverted_residual<float>;
extern template struct cudnn_inverted_residual<bf16>;
extern template struct cudnn_inverted_residual<fp16>;

}  // namespace viseme::backends
