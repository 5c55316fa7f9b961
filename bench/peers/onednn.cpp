#include <bench/peers/onednn.hpp>

#include <omp.h>

#include <cmath>
#include <dnnl.hpp>
#include <optional>
#include <unordered_map>

#include <viseme/layers/activation.hpp>
#include <viseme/layers/batch_norm.hpp>

namespace viseme::bench {
namespace {

using dnnl::memory;
using tag = memory::format_tag;

/// A convolution with what follows it.
struct stage {
  conv shape;
  std::vector<float> weights, bias;
  bool sum = false;
  std::optional<dnnl::algorithm> activation;
  float slope = 0;
};

/// Reads a group as convolutions, each with norm, sum and activation behind it; nothing for any other group.
class group_reader {
public:
  group_reader(const layer_info& layer, std::span<const float> block) : layer_(layer), block_(block) {}

  std::vector<stage> operator()() {
    std::vector<stage> stages;
    for (const auto& p : layer_.parts) {
      if (p.convolution) {
        stages.push_back({.shape = *p.convolution, .weights = next(), .bias = {}, .activation = {}});
        stages.back().bias = p.convolution->bias ? next() : std::vector<float>(std::size_t(p.convolution->out));
      } else if (stages.empty() || stages.back().activation || !follow(p, stages.back())) {
        return {};
      }
    }
    return stages;
  }

private:
  std::vector<float> next() {
    const auto& e = layer_.parameters[at_++];
    return {block_.begin() + std::ptrdiff_t(e.offset), block_.begin() + std::ptrdiff_t(e.offset + e.count)};
  }
  bool follow(const layer_part& p, stage& s) {
    const auto& kind = p.kind;
    if (kind == "batch_norm") return fold(s), true;
    if (kind == "add") return s.sum = true;
    if (kind == "leaky_relu") s.slope = float(p.slope);
    if (kind == "relu" || kind == "leaky_relu") return s.activation = dnnl::algorithm::eltwise_relu, true;
    if (kind == "sigmoid") return s.activation = dnnl::algorithm::eltwise_logistic, true;
    return false;
  }
  void fold(stage& s) {
    const auto gamma = next(), beta = next(), mean = next(), variance = next();
    ++at_;  // num_batches_tracked
    const auto taps = s.weights.size() / gamma.size();
    for (std::size_t o = 0; o < gamma.size(); ++o) {
      const double scale = gamma[o] / std::sqrt(double(variance[o]) + batch_norm<1>::eps);
      for (std::size_t k = 0; k < taps; ++k) s.weights[o * taps + k] = float(s.weights[o * taps + k] * scale);
      s.bias[o] = float((s.bias[o] - mean[o]) * scale + beta[o]);
    }
  }

  const layer_info& layer_;
  std::span<const float> block_;
  std::size_t at_ = 0;
};

memory::dims dims_of(shape s) { return {s.n, s.c, s.h, s.w}; }

class convolutions final : public onednn_layer {
public:
  convolutions(const layer_info& layer, const std::vector<stage>& stages, int threads)
      : layer_(layer), threads_(threads), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    ::omp_set_num_threads(threads_);
    shape x = layer.inputs[0];
    memory::desc in(dims_of(x), memory::data_type::f32, tag::any);
    for (const auto& s : stages) {
      x = {x.n, s.shape.out, (x.h + 2 * s.shape.pad.h - s.shape.kernel.h) / s.shape.stride.h + 1,
           (x.w + 2 * s.shape.pad.w - s.shape.kernel.w) / s.shape.stride.w + 1};
      in = append(s, in, x);
    }
  }

  void write(int input, std::span<const float> nchw) override {
    if (input == 0) fill(in_.front(), layer_.inputs[0], nchw);
    if (residual_ && input == int(layer_.inputs.size()) - 1) fill(residual_, layer_.inputs.back(), nchw);
  }
  void run() override {
    ::omp_set_num_threads(threads_);
    for (std::size_t i = 0; i < primitives_.size(); ++i) primitives_[i].execute(stream_, arguments_[i]);
    stream_.wait();
  }
  std::vector<float> output() const override {
    std::vector<float> nchw(layer_.output.count());
    memory to({dims_of(layer_.output), memory::data_type::f32, tag::nchw}, engine_, nchw.data());
    memory from = out_;
    dnnl::stream s(engine_);
    dnnl::reorder(from, to).execute(s, from, to);
    s.wait();
    return nchw;
  }

private:
  /// Returns the layout of what the stage gives.
  memory::desc append(const stage& s, const memory::desc& in, shape out) {
    using forward = dnnl::convolution_forward;
    const auto& c = s.shape;
    const auto f32 = memory::data_type::f32;
    const memory::dims sizes = c.groups == 1 ? memory::dims{c.out, c.in, c.kernel.h, c.kernel.w}
                                             : memory::dims{c.groups, c.out / c.groups, c.in / c.groups, c.kernel.h, c.kernel.w};
    const memory::desc bias({c.out}, f32, tag::a);
    const forward::desc what(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, in, {sizes, f32, tag::any}, bias,
                             {dims_of(out), f32, tag::any}, {c.stride.h, c.stride.w}, {c.pad.h, c.pad.w}, {c.pad.h, c.pad.w});
    dnnl::primitive_attr attributes;
    dnnl::post_ops behind;
    if (s.sum) behind.append_binary(dnnl::algorithm::binary_add, forward::primitive_desc(what, engine_).dst_desc());
    if (s.activation) behind.append_eltwise(1, *s.activation, s.slope, 0);
    attributes.set_post_ops(behind);
    const forward::primitive_desc found(what, attributes, engine_);

    in_.push_back(in_.empty() ? memory(found.src_desc(), engine_) : out_);
    out_ = memory(found.dst_desc(), engine_);
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, in_.back()},
        {DNNL_ARG_WEIGHTS, filled({sizes, f32, c.groups == 1 ? tag::oihw : tag::goihw}, s.weights, found.weights_desc())},
        {DNNL_ARG_BIAS, filled(bias, s.bias, bias)},
        {DNNL_ARG_DST, out_}};
    if (s.sum) {
      residual_ = memory(found.dst_desc(), engine_);
      arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, residual_);
    }
    primitives_.emplace_back(found);
    arguments_.push_back(std::move(arguments));
    return found.dst_desc();
  }
  memory filled(const memory::desc& plain, std::span<const float> values, const memory::desc& wanted) {
    memory from(plain, engine_, const_cast<float*>(values.data())), to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }
  void fill(memory& to, shape size, std::span<const float> nchw) {
    memory from({dims_of(size), memory::data_type::f32, tag::nchw}, engine_, const_cast<float*>(nchw.data()));
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
  }

  layer_info layer_;
  int threads_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<dnnl::convolution_forward> primitives_;
  std::vector<std::unordered_map<int, memory>> arguments_;
  std::vector<memory> in_;
  memory out_, residual_;
};

}  // namespace

bool has_onednn() { return true; }

std::unique_ptr<onednn_layer> make_onednn_layer(const layer_info& layer, std::span<const float> block, int threads) try {
  const auto stages = group_reader(layer, block)();
  if (stages.empty()) return nullptr;
  return std::make_unique<convolutions>(layer, stages, threads);
} catch (const dnnl::error&) {
  return nullptr;
}

}  // namespace viseme::bench
