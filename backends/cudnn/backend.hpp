// The GPU with NVIDIA's libraries: dense convolutions by cuDNN and cuBLASLt where choices.hpp says so, everything else by cuda's
// kernels, on one stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <backends/cuda/backend.hpp>
#include <backends/cudnn/choices.hpp>
#include <backends/cudnn/plans.hpp>

namespace viseme::backends {

/// cuda's, with the libraries and the plans made so far. Plans are made when a net is, and stay.
class cudnn_context : public cuda_context {
public:
  using chooser = std::function<convolution_library(const convolution_task&)>;

  /// Throws `error` where a library is not found.
  explicit cudnn_context(int device = 0, chooser choose_library = [](const convolution_task& t) { return choose(t); })
      : cuda_context(device), choose_(std::move(choose_library)), cudnn_(made<cudnnHandle_t>(cudnn_library_, "cudnnCreate")),
        cublaslt_(made<cublasLtHandle_t>(cublaslt_library_, "cublasLtCreate")) {
    check(cudnn_library_, cudnn_library_.set_stream(cudnn_.get(), stream()), "cudnnSetStream");
  }

  /// Makes the plan where it is not there yet.
  const convolution_plan& plan(const convolution_task& t) const {
    return plans_.of(t, [this](const convolution_task& missing) { return made(missing); });
  }
  void run(const cudnn_plan& p, const convolution_memory& m, void* workspace) const { p.run(cudnn_.get(), m, workspace); }
  void run(const product_plan& p, const convolution_memory& m, void* workspace) const { p.run(cublaslt_.get(), stream(), m, workspace); }

  /// cuDNN's version: "9.19.0".
  std::string version() const { return cudnn_library_.text(); }

private:
  template <class Plan>
  static convolution_plan or_none(std::optional<Plan> found) {
    if (found) return std::move(*found);
    return {};
  }
  convolution_plan made(const convolution_task& t) const {
    switch (choose_(t)) {
      case convolution_library::cudnn: return or_none(cudnn_plan::find(cudnn_library_, {cudnn_.get()}, t));
      case convolution_library::cublaslt: return or_none(product_plan::find(cublaslt_library_, cublaslt_.get(), t));
      default: return {};
    }
  }

  template <class Library>
  struct destroy {
    const Library* library;
    void operator()(auto handle) const { library->destroy(handle); }
  };
  template <class Handle, class Library>
  using owned = std::unique_ptr<std::remove_pointer_t<Handle>, destroy<Library>>;
  template <class Handle, class Library>
  static owned<Handle, Library> made(const Library& l, const char* call) {
    Handle handle = nullptr;
    check(l, l.create(&handle), call);
    return {handle, {&l}};
  }

  chooser choose_;
  cudnn_library cudnn_library_;
  cublaslt_library cublaslt_library_;
  owned<cudnnHandle_t, cudnn_library> cudnn_;
  owned<cublasLtHandle_t, cublaslt_library> cublaslt_;
  mutable convolution_plans plans_;
};

template <class T>
struct cudnn : cuda<T> {
  using fallback = cuda<T>;
  using context = cudnn_context;
  static constexpr const char* name = "cudnn";
};

}  // namespace viseme::backends

namespace viseme {

template <class T>
struct recording<backends::cudnn<T>> : recording<backends::cuda<T>> {};

}  // namespace viseme
