// A task as an operation graph of cuDNN: the descriptors that say it. The forward pass is the chain that cuDNN has precompiled kernels for;
// another order, or floats beside halves, would be compiled at run time, seconds a layer.
#pragma once

#include <array>
#include <span>
#include <utility>
#include <vector>

#include <backends/cudnn/descriptor.hpp>
#include <backends/cudnn/task.hpp>

namespace viseme::backends {

/// Names by which a plan is given its memory; tensors between operations count on from the last.
enum class cudnn_operand : std::int64_t { x = 1, weights, y, bias, residual, between };

inline cudnnDataType_t cudnn_type(dtype t) {
  switch (t) {
    case dtype::bf16: return CUDNN_DATA_BFLOAT16;
    case dtype::fp16: return CUDNN_DATA_HALF;
    default: return CUDNN_DATA_FLOAT;
  }
}

/// Sizes and distances between neighbours in cuDNN's order: n, c, h, w.
struct cudnn_extent {
  std::array<std::int64_t, 4> size, step;
};
inline cudnn_extent channels_last(shape s) {
  const std::int64_t c = s.c, row = c * s.w;
  return {{s.n, s.c, s.h, s.w}, {row * s.h, 1, row, c}};
}

class cudnn_graph {
public:
  /// `handle`: null where there is no device. Throws cuda_error where cuDNN refuses a descriptor.
  cudnn_graph(const cudnn_library& l, cudnnHandle_t handle, const convolution_task& t)
      : library_(&l), t_(t), graph_(l, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
    switch (t.pass) {
      case convolution_pass::forward: forward(); break;
      case convolution_pass::data_gradient: data_gradient(); break;
      case convolution_pass::weight_gradient: weight_gradient(); break;
    }
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, std::span<const cudnn_descriptor>(operations_));
    if (handle) graph_.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle);
    graph_.finalize();
  }

  const cudnn_descriptor& descriptor() const { return graph_; }

private:
  cudnn_descriptor tensor(cudnn_operand name, shape s) const { return tensor(std::int64_t(name), s, cudnn_type(t_.type), false); }
  cudnn_descriptor tensor(std::int64_t id, shape s, cudnnDataType_t type, bool between) const {
    const auto e = channels_last(s);
    cudnn_descriptor t(*library_, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
    t.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
    t.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const std::int64_t>(e.size));
    t.set(CUDNN_ATTR_TENSOR_STRIDES, std::span<const std::int64_t>(e.step));
    t.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t(16));
    t.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, between);
    t.finalize();
    return t;
  }
  cudnn_descriptor x() const { return tensor(cudnn_operand::x, t_.x); }
  cudnn_descriptor weights() const { return tensor(cudnn_operand::weights, {t_.s.out, t_.s.in, t_.s.kernel.h, t_.s.kernel.w}); }
  cudnn_descriptor y() const { return tensor(cudnn_operand::y, t_.y); }
  cudnn_descriptor between() { return tensor(std::int64_t(cudnn_operand::between) + betweens_++, t_.y, CUDNN_DATA_FLOAT, true); }

  cudnn_descriptor window() const {
    const conv& s = t_.s;
    const auto both = [](size2 v) { return std::array<std::int64_t, 2>{v.h, v.w}; };
    const auto dilation = both({1, 1}), stride = both(s.stride), pad = both(s.pad);
    cudnn_descriptor w(*library_, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    w.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
    w.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
    w.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t(2));
    w.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, std::span<const std::int64_t>(dilation));
    w.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, std::span<const std::int64_t>(stride));
    w.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, std::span<const std::int64_t>(pad));
    w.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, std::span<const std::int64_t>(pad));
    w.finalize();
    return w;
  }

  void forward() {
    int left = t_.sum + t_.bias + t_.relu;
    auto last = left ? between() : y();
    cudnn_descriptor op(*library_, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, weights());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, last);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, window());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0f);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0f);
    append(std::move(op));
    const auto then = [&](cudnnPointwiseMode_t mode, const cudnn_descriptor* other) {
      auto next = --left ? between() : y();
      pointwise(mode, last, other, next);
      last = std::move(next);
    };
    if (t_.sum) {
      const auto residual = tensor(cudnn_operand::residual, t_.y);
      then(CUDNN_POINTWISE_ADD, &residual);
    }
    if (t_.bias) {
      const auto bias = tensor(cudnn_operand::bias, {1, t_.s.out, 1, 1});
      then(CUDNN_POINTWISE_ADD, &bias);
    }
    if (t_.relu) then(CUDNN_POINTWISE_RELU_FWD, nullptr);
  }

  void pointwise(cudnnPointwiseMode_t mode, const cudnn_descriptor& in, const cudnn_descriptor* other, const cudnn_descriptor& out) {
    cudnn_descriptor p(*library_, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    p.set(CUDNN_ATTR_POINTWISE_MODE, mode);
    p.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    p.finalize();
    cudnn_descriptor op(*library_, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    op.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, p);
    op.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, in);
    if (other) op.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *other);
    op.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, out);
    append(std::move(op));
  }

  void data_gradient() {
    cudnn_descriptor op(*library_, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, x());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, weights());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, y());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, window());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0f);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, t_.accumulate ? 1.0f : 0.0f);
    append(std::move(op));
  }

  void weight_gradient() {
    cudnn_descriptor op(*library_, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, weights());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, y());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, window());
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0f);
    op.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0f);
    append(std::move(op));
  }

  void append(cudnn_descriptor op) {
    op.finalize();
    operations_.push_back(std::move(op));
  }

  const cudnn_library* library_;
  convolution_task t_;
  std::int64_t betweens_ = 0;
  std::vector<cudnn_descriptor> operations_;
  cudnn_descriptor graph_;
};

}  // namespace viseme::backends
