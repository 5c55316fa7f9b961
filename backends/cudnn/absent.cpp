// The cudnn backend of a build without cuDNN.
#include <backends/cudnn/device.hpp>
#include <viseme/core/error.hpp>

namespace viseme::backends {

bool cudnn_is_built() { return false; }

std::shared_ptr<device> open_cudnn(dtype) {
  throw error("backend 'cudnn'", "this build does not have it", "build where nvcc and cuDNN's headers are found, or use auto, cuda or cpu");
}

}  // namespace viseme::backends
