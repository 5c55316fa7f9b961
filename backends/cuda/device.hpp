// GPUs behind the runner's interface, for a registry that does not know CUDA. A build without CUDA has absent.cpp in device.cpp's place.
#pragma once

#include <memory>
#include <string>

#include <viseme/run/runner.hpp>

namespace viseme::backends {

/// Whether this build has the cuda backend.
bool cuda_is_built();
/// Names of the GPUs that can be used; empty: none, and `why_not` says why in a few words.
std::vector<std::string> cuda_devices(std::string& why_not);
/// Throws `error` where there is no device or no kernels for the dtype.
std::shared_ptr<device> open_cuda(dtype);

}  // namespace viseme::backends
