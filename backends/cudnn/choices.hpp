// Which kernels compute a convolution.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <backends/cudnn/task.hpp>

namespace viseme::backends {

/// `cuda`: the project's own.
enum class convolution_library { cuda, cudnn, cublaslt };
inline constexpr std::array convolution_libraries{convolution_library::cuda, convolution_library::cudnn, convolution_library::cublaslt};

inline const char* text(convolution_library l) {
  constexpr std::array names{"cuda", "cudnn", "cublaslt"};
  return names[std::size_t(l)];
}

/// Whether it computes such tasks at all; whether it has a kernel for the sizes is known when the plan is made.
inline bool computes(convolution_library l, const convolution_task& t) { return l != convolution_library::cublaslt || t.pointwise(); }

struct recorded_choice {
  std::string_view task;  // as its text()
  convolution_library library;
};

/// The fastest, where measurement and the rule below differ; bench/gpu.sh prints these lines. None has been measured yet.
inline constexpr std::array<recorded_choice, 0> recorded_choices{};

/// The libraries' tensor-core kernels read channels in eights and copy anything else into padded tensors first, which is more memory
/// traffic than the convolution: such layers have few channels and stay at home. Otherwise a product is cuBLASLt's and a window cuDNN's.
inline convolution_library rule(const convolution_task& t) {
  if (t.type != dtype::fp32 && (t.s.in % 8 || t.s.out % 8)) return convolution_library::cuda;
  return t.pointwise() ? convolution_library::cublaslt : convolution_library::cudnn;
}

inline convolution_library choose(const convolution_task& t, std::span<const recorded_choice> recorded = recorded_choices) {
  const auto found = std::ranges::find(recorded, text(t), &recorded_choice::task);
  return found != recorded.end() ? found->library : rule(t);
}

}  // namespace viseme::backends
