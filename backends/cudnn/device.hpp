// GPUs with cuDNN behind the runner's interface, for a registry that does not know it. A build without cuDNN has absent.cpp in its place.
#pragma once

#include <memory>

#include <viseme/run/runner.hpp>

namespace viseme::backends {

/// Whether this build has the cudnn backend.
bool cudnn_is_built();
/// Throws `error` where there is no device, no library, or no kernels for the dtype.
std::shared_ptr<device> open_cudnn(dtype);

}  // namespace viseme::backends
