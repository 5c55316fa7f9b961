// CUDA's error codes as exceptions that name the call and its place.
#pragma once

#include <source_location>
#include <string>

#include <cuda_runtime_api.h>

#include <viseme/core/error.hpp>

namespace viseme::backends {

/// A failed call of the CUDA runtime or of a library on it.
class cuda_error : public error {
public:
  using error::error;
};

inline void check(cudaError_t status, const char* call, std::source_location at = std::source_location::current()) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  const std::string file = at.file_name();
  const std::string where = file.substr(file.rfind('/') + 1) + ":" + std::to_string(at.line());
  throw cuda_error(call, std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ", " + where + ")",
                   status == cudaErrorMemoryAllocation ? "use a smaller batch, or another backend"
                                                       : "run under compute-sanitizer, or use --backend cpu");
}

}  // namespace viseme::backends
