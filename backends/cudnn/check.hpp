// Error codes of cuDNN and cuBLASLt as exceptions that name the call and its place.
#pragma once

#include <array>
#include <source_location>
#include <string>

#include <backends/cuda/check.hpp>
#include <backends/cudnn/library.hpp>

namespace viseme::backends {

namespace detail {
[[noreturn]] inline void failed_library_call(const char* call, const std::string& why, std::source_location at) {
  const std::string file = at.file_name();
  throw cuda_error(call, why + " (" + file.substr(file.rfind('/') + 1) + ":" + std::to_string(at.line()) + ")", "use --backend cuda");
}
}  // namespace detail

inline void check(const cudnn_library& l, cudnnStatus_t status, const char* call,
                  std::source_location at = std::source_location::current()) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 1024> more{};
  l.last_error_string(more.data(), more.size());
  const std::string detail(more.data());
  detail::failed_library_call(call, l.error_string(status) + (detail.empty() ? "" : ", " + detail.substr(0, detail.find('\n'))), at);
}

inline void check(const cublaslt_library& l, cublasStatus_t status, const char* call,
                  std::source_location at = std::source_location::current()) {
  if (status != CUBLAS_STATUS_SUCCESS) detail::failed_library_call(call, l.status_string(status), at);
}

}  // namespace viseme::backends
