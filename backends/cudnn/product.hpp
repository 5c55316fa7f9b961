// A pointwise task as one matrix product of cuBLASLt. Its matrices are column-major: a pixel is a column, x is (C, pixels), y (K, pixels).
//     forward          y = relu(w^T x + residual + bias), of which the last three may be absent      w (C, K)
//     data gradient    dx = w dy, or added to what is there
//     weight gradient  dw += x dy^T, in float whatever the tensors are: PyTorch's own memory
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <backends/cudnn/plan.hpp>

namespace viseme::backends {

inline cudaDataType_t cublas_type(dtype t) {
  switch (t) {
    case dtype::bf16: return CUDA_R_16BF;
    case dtype::fp16: return CUDA_R_16F;
    default: return CUDA_R_32F;
  }
}

class product_plan {
public:
  /// None: cuBLASLt has no algorithm for it.
  static std::optional<product_plan> find(const cublaslt_library& l, cublasLtHandle_t handle, const convolution_task& t) {
    product_plan p(l, t);
    cublasLtMatmulPreferenceOpaque_t wanted;
    check(l, l.init_preference(&wanted, sizeof(wanted)), "cublasLtMatmulPreferenceInit");
    const auto want = [&](cublasLtMatmulPreferenceAttributes_t name, auto value) {
      check(l, l.set_preference(&wanted, name, &value, sizeof(value)), "cublasLtMatmulPreferenceSetAttribute");
    };
    want(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace);
    want(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment);
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment);
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, p.result_alignment());
    want(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, p.result_alignment());
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const auto status = l.heuristic(handle, &p.product_, &p.a_, &p.b_, &p.result_, &p.result_, &wanted, 1, &found, &count);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) return std::nullopt;
    check(l, status, "cublasLtMatmulAlgoGetHeuristic");
    if (!count || found.state != CUBLAS_STATUS_SUCCESS) return std::nullopt;
    p.how_ = found.algo;
    p.workspace_ = found.workspaceSize;
    return p;
  }

  std::size_t workspace() const { return workspace_; }

  /// `weights` of a weight gradient: floats, added to. `workspace`: workspace() bytes of the device.
  void run(cublasLtHandle_t handle, cudaStream_t stream, const convolution_memory& m, void* workspace) const {
    if (t_.bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, m.bias);
    const float alpha = 1, beta = t_.sum || t_.accumulate || t_.pass == convolution_pass::weight_gradient;
    const auto multiply = [&](const void* a, const void* b, const void* c, const void* d) {
      const auto status = library_->multiply(handle, &product_, &alpha, a, &a_, b, &b_, &beta, c, &result_, const_cast<void*>(d), &result_,
                                             &how_, workspace, workspace_, stream);
      check(*library_, status, "cublasLtMatmul");
    };
    switch (t_.pass) {
      case convolution_pass::forward: return multiply(m.weights, m.x, t_.sum ? m.residual : m.y, m.y);
      case convolution_pass::data_gradient: return multiply(m.weights, m.y, m.x, m.x);
      case convolution_pass::weight_gradient: return multiply(m.x, m.y, m.weights, m.weights);
    }
  }

private:
  static constexpr std::uint32_t alignment = 16;

  product_plan(const cublaslt_library& l, const convolution_task& t) : library_(&l), t_(t) {
    check(l, l.init_product(&product_, sizeof(product_), CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescInit");
    const auto type = cublas_type(t.type);
    const std::size_t channels = std::size_t(t.s.in), filters = std::size_t(t.s.out), pixels = t.x.pixels();
    switch (t.pass) {
      case convolution_pass::forward:
        set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
        set(CUBLASLT_MATMUL_DESC_EPILOGUE,
            t.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : t.bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT);
        if (t.bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, reinterpret_cast<const void*>(std::uintptr_t(alignment)));  // all that is known
        matrices(type, {channels, filters}, {channels, pixels}, type, {filters, pixels});
        break;
      case convolution_pass::data_gradient: matrices(type, {channels, filters}, {filters, pixels}, type, {channels, pixels}); break;
      case convolution_pass::weight_gradient:
        set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_T);
        matrices(type, {channels, pixels}, {filters, pixels}, CUDA_R_32F, {channels, filters});
        break;
    }
  }

  /// Parameters' gradients lie wherever their turn comes.
  std::uint32_t result_alignment() const { return t_.pass == convolution_pass::weight_gradient ? std::uint32_t(sizeof(float)) : alignment; }

  template <class V>
  void set(cublasLtMatmulDescAttributes_t name, const V& value) const {
    check(*library_, library_->set_product(&product_, name, &value, sizeof(value)), "cublasLtMatmulDescSetAttribute");
  }

  struct extent {
    std::size_t rows, columns;
  };
  void matrices(cudaDataType_t type, extent a, extent b, cudaDataType_t result_type, extent result) {
    const auto init = [&](cublasLtMatrixLayoutOpaque_t& m, cudaDataType_t of, extent e) {
      check(*library_, library_->init_matrix(&m, sizeof(m), of, e.rows, e.columns, std::int64_t(e.rows)), "cublasLtMatrixLayoutInit");
    };
    init(a_, type, a);
    init(b_, type, b);
    init(result_, result_type, result);
  }

  const cublaslt_library* library_;
  convolution_task t_;
  mutable cublasLtMatmulDescOpaque_t product_{};  // the bias is set at every run
  mutable cublasLtMatrixLayoutOpaque_t a_{}, b_{}, result_{};
  cublasLtMatmulAlgo_t how_{};
  std::size_t workspace_ = 0;
};

}  // namespace viseme::backends
