// cuDNN and cuBLASLt, opened when the backend is: nothing links them, so that a program runs where they are not installed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <cublasLt.h>
#include <cudnn.h>
#include <dlfcn.h>

#include <viseme/core/error.hpp>

namespace viseme::backends {

/// A shared library, open as long as this lives. Throws `error` with the loader's words where it cannot be opened.
class shared_library {
public:
  shared_library(std::string name, std::string remedy)
      : name_(std::move(name)), remedy_(std::move(remedy)), file_(dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!file_) throw error("backend 'cudnn'", dlerror(), remedy_);
  }

  /// Converts to a pointer to the function of that name, of any type.
  struct symbol {
    void* at;
    template <class F>
    operator F*() const {
      return reinterpret_cast<F*>(at);
    }
  };
  symbol operator[](const char* name) const {
    void* at = dlsym(file_.get(), name);
    require(at, "backend 'cudnn'", name_ + " does not have " + name, remedy_);
    return {at};
  }

private:
  struct close {
    void operator()(void* file) const { dlclose(file); }
  };
  std::string name_, remedy_;
  std::unique_ptr<void, close> file_;
};

/// cuDNN's functions that are used here.
struct cudnn_library {
  static constexpr std::size_t oldest = 90000;  // as cudnnGetVersion() counts
  shared_library file;
  decltype(&cudnnGetVersion) version = file["cudnnGetVersion"];
  decltype(&cudnnGetErrorString) error_string = file["cudnnGetErrorString"];
  decltype(&cudnnGetLastErrorString) last_error_string = file["cudnnGetLastErrorString"];
  decltype(&cudnnCreate) create = file["cudnnCreate"];
  decltype(&cudnnDestroy) destroy = file["cudnnDestroy"];
  decltype(&cudnnSetStream) set_stream = file["cudnnSetStream"];
  decltype(&cudnnBackendCreateDescriptor) create_descriptor = file["cudnnBackendCreateDescriptor"];
  decltype(&cudnnBackendDestroyDescriptor) destroy_descriptor = file["cudnnBackendDestroyDescriptor"];
  decltype(&cudnnBackendSetAttribute) set_attribute = file["cudnnBackendSetAttribute"];
  decltype(&cudnnBackendGetAttribute) get_attribute = file["cudnnBackendGetAttribute"];
  decltype(&cudnnBackendFinalize) finalize = file["cudnnBackendFinalize"];
  decltype(&cudnnBackendExecute) execute = file["cudnnBackendExecute"];

  explicit cudnn_library(const std::string& name = "libcudnn.so." + std::to_string(CUDNN_MAJOR))
      : file(name, "install cuDNN 9 or name its folder in LD_LIBRARY_PATH, or use --backend cuda") {
    require(version() >= oldest, "backend 'cudnn'", "cuDNN " + text() + " is too old", "install cuDNN 9, or use --backend cuda");
  }

  /// The version: "9.19.0".
  std::string text() const {
    const auto v = version();
    return std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
  }
};

/// cuBLASLt's functions that are used here.
struct cublaslt_library {
  shared_library file;
  decltype(&cublasLtGetStatusString) status_string = file["cublasLtGetStatusString"];
  decltype(&cublasLtCreate) create = file["cublasLtCreate"];
  decltype(&cublasLtDestroy) destroy = file["cublasLtDestroy"];
  decltype(&cublasLtMatmulDescInit_internal) init_product = file["cublasLtMatmulDescInit_internal"];
  decltype(&cublasLtMatmulDescSetAttribute) set_product = file["cublasLtMatmulDescSetAttribute"];
  decltype(&cublasLtMatrixLayoutInit_internal) init_matrix = file["cublasLtMatrixLayoutInit_internal"];
  decltype(&cublasLtMatmulPreferenceInit_internal) init_preference = file["cublasLtMatmulPreferenceInit_internal"];
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference = file["cublasLtMatmulPreferenceSetAttribute"];
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = file["cublasLtMatmulAlgoGetHeuristic"];
  decltype(&cublasLtMatmul) multiply = file["cublasLtMatmul"];

  explicit cublaslt_library(const std::string& name = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR))
      : file(name, "install this cuBLAS or name its folder in LD_LIBRARY_PATH, or use --backend cuda") {}
};

}  // namespace viseme::backends
