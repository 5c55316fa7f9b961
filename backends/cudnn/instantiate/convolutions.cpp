#include <backends/cudnn/inverted_residual.hpp>

namespace viseme::backends {

template struct cudnn_convolution<float>;
template struct cudnn_convolution<bf16>;
template struct cudnn_convolution<fp16>;
template struct cudnn_inverted_residual<float>;
template struct cudnn_inverted_residual<bf16>;
template struct cudnn_inverted_residual<fp16>;

}  // namespace viseme::backends
