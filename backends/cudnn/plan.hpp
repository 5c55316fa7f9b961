// How cuDNN computes a task: the first engine of its heuristics that is exact, compiled and content with little memory, ready to run.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <backends/cudnn/graph.hpp>

namespace viseme::backends {

/// Most bytes of temporary memory that a plan may want.
inline constexpr std::size_t most_workspace = std::size_t(64) << 20;

/// What plans are made for: the device of a handle; without one, a described device (finalized, cuDNN 9.8), and then they cannot run.
struct cudnn_target {
  cudnnHandle_t handle = nullptr;
  const cudnn_descriptor* described = nullptr;
};

/// Where a task's operands are; null where it has none.
struct convolution_memory {
  const void *x = nullptr, *weights = nullptr, *y = nullptr, *bias = nullptr, *residual = nullptr;
};

class cudnn_plan {
public:
  /// None: cuDNN has no engine for it that is content with `most` bytes of temporary memory.
  static std::optional<cudnn_plan> find(const cudnn_library& l, const cudnn_target& target, const convolution_task& t,
                                        std::size_t most = most_workspace) {
    const cudnn_graph graph(l, target.handle, t);
    for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_B, CUDNN_HEUR_MODE_FALLBACK})
      for (const auto& config : proposals(l, target, graph, mode)) {
        if (!wanted(l, config, t.type)) continue;
        cudnn_descriptor plan(l, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        if (target.handle) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.handle);
        else plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.described);
        plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
        if (plan.try_finalize() != CUDNN_STATUS_SUCCESS) continue;
        std::int64_t bytes = 0;
        plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, std::span(&bytes, 1));
        if (std::size_t(bytes) <= most) return cudnn_plan(l, std::move(plan), std::size_t(bytes));
      }
    return std::nullopt;
  }

  std::size_t workspace() const { return workspace_; }
  const cudnn_descriptor& descriptor() const { return plan_; }

  /// On the handle's stream. `workspace`: workspace() bytes of the device.
  void run(cudnnHandle_t handle, const convolution_memory& m, void* workspace) const {
    std::array<std::int64_t, 5> names;
    std::array<void*, 5> data;
    std::size_t count = 0;
    const auto give = [&](cudnn_operand name, const void* at) {
      if (at) names[count] = std::int64_t(name), data[count++] = const_cast<void*>(at);
    };
    give(cudnn_operand::x, m.x);
    give(cudnn_operand::weights, m.weights);
    give(cudnn_operand::y, m.y);
    give(cudnn_operand::bias, m.bias);
    give(cudnn_operand::residual, m.residual);
    cudnn_descriptor pack(*library_, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const std::int64_t>(names.data(), count));
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(data.data(), count));
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
    pack.finalize();
    plan_.execute(handle, pack);
  }

private:
  cudnn_plan(const cudnn_library& l, cudnn_descriptor plan, std::size_t workspace)
      : library_(&l), plan_(std::move(plan)), workspace_(workspace) {}

  static std::vector<cudnn_descriptor> made(const cudnn_library& l, cudnnBackendDescriptorType_t type, std::size_t count) {
    std::vector<cudnn_descriptor> all;
    for (std::size_t i = 0; i < count; ++i) all.emplace_back(l, type);
    return all;
  }

  /// All of them, best first: of floats those without TF32 are the last of forty.
  static std::vector<cudnn_descriptor> proposals(const cudnn_library& l, const cudnn_target& target, const cudnn_graph& graph,
                                                 cudnnBackendHeurMode_t mode) {
    cudnn_descriptor heuristics(l, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
    if (target.described) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *target.described);
    if (heuristics.try_finalize() != CUDNN_STATUS_SUCCESS) return {};
    auto configs = made(l, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, heuristics.count(CUDNN_ATTR_ENGINEHEUR_RESULTS));
    const std::size_t read = heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, std::span(configs));
    configs.erase(configs.begin() + std::ptrdiff_t(std::min(read, configs.size())), configs.end());
    return configs;
  }

  template <class Note, std::size_t Most>
  static std::vector<Note> notes(const cudnn_descriptor& engine, cudnnBackendAttributeName_t name) {
    std::vector<Note> all(Most);
    all.resize(std::min(Most, engine.get(name, std::span(all))));
    return all;
  }

  /// Sums in float, in the same order every time; of floats, no inputs rounded to fewer digits and no algorithm that loses some. No kernel
  /// that would be compiled now, which takes seconds.
  static bool wanted(const cudnn_library& l, const cudnn_descriptor& config, dtype type) {
    auto engine = made(l, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
    config.get(CUDNN_ATTR_ENGINECFG_ENGINE, std::span(engine));
    const auto numbers = notes<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT>(engine[0], CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
    const auto behaviour = notes<cudnnBackendBehaviorNote_t, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT>(engine[0], CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE);
    const auto has = [](const auto& all, auto... one) { return ((std::ranges::find(all, one) != all.end()) || ...); };
    if (has(behaviour, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)) return false;
    if (has(numbers, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
    if (type != dtype::fp32) return true;
    return !has(numbers, CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS, CUDNN_NUMERICAL_NOTE_FFT,
                CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6, CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13);
  }

  const cudnn_library* library_;
  cudnn_descriptor plan_;
  std::size_t workspace_;
};

}  // namespace viseme::backends
