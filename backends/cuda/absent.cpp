// The cuda backend of a build without CUDA.
#include <backends/cuda/device.hpp>
#include <viseme/core/error.hpp>

namespace viseme::backends {

bool cuda_is_built() { return false; }

std::vector<std::string> cuda_devices(std::string& why_not) {
  why_not = "this build does not have it";
  return {};
}

std::shared_ptr<device> open_cuda(dtype) {
  throw error("backend 'cuda'", "this build does not have it", "build where nvcc is found, or use auto, cpu or reference");
}

}  // namespace viseme::backends
