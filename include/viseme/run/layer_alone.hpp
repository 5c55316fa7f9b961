// One step of a net with memory of its own, to be measured or looked into.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <viseme/run/factory.hpp>
#include <viseme/run/net_steps.hpp>

namespace viseme {

/// Values start at zero, the output's gradient at small numbers of both signs.
template <class B>
class layer_alone final : public layer_run {
public:
  using T = typename B::scalar;
  using master = master_of<T>;

  /// `block`: the whole net's values in the order of its parameters.
  layer_alone(shared_context<B> context, net_steps<B> net, std::size_t index, purpose what, std::span<const float> block)
      : context_(std::move(context)), step_(net.steps[index]), info_(std::move(net.layers[index])), what_(what) {
    require(block.size() == block_size(net.entries), "weights", "the block has another size than the net", "load it by the net's table");
    for (const auto& in : info_.inputs) inputs_.push_back(memory<T>(in.count()));
    output_ = memory<T>(info_.output.count());
    place_parameters(block);
    call_.inputs = step_.in.count;
    for (int k = 0; k < step_.in.count; ++k) call_.in[k] = view<const T>(input(position(k)));
    call_.out = view<T>{output_.template at<T>(0), info_.output, B::preferred};
    const auto sizes = call_.sizes();
    scratch_ = memory<master>(std::max(step_.scratch_forward(*context_, sizes), has_backward() ? step_.scratch_backward(*context_, sizes) : 0));
    call_.scratch = scratch_.template at<master>(0);
    if (has_backward()) prepare_backward();
  }

  const layer_info& info() const override { return info_; }
  void write(int k, std::span<const float> nchw) override {
    require(k >= 0 && k < int(inputs_.size()) && nchw.size() == info_.inputs[k].count(), "input " + std::to_string(k) + " of layer " + info_.path,
            "there is none of that size", "see its layer_info");
    B::load(*context_, nchw.data(), input(k));
  }
  void read(std::span<float> nchw) const override {
    require(nchw.size() == info_.output.count(), "output of layer " + info_.path, "it has another size", "see its layer_info");
    B::store(*context_, call_.out, nchw.data());
  }
  void forward() override {
    if (what_ == purpose::training && step_.pack) step_.pack(*context_, call_.parameters, packed_.template at<master>(0));
    step_.forward(*context_, call_);
    context_->wait();
  }
  bool has_backward() const override { return what_ == purpose::training && step_.backward; }
  void backward() override {
    require(has_backward(), "layer " + info_.path, "it has no gradients", "make it for training");
    step_.backward(*context_, back_);
    context_->wait();
  }
  std::size_t memory_bytes() const override { return bytes_; }

private:
  template <class E>
  typename B::buffer memory(std::size_t elements) {
    bytes_ += elements * sizeof(E);
    return typename B::buffer(*context_, elements * sizeof(E));
  }
  view<T> input(int k) const { return {inputs_[k].template at<T>(0), info_.inputs[k], B::preferred}; }
  /// Which of the distinct inputs the k-th one is.
  int position(int k) const {
    int distinct = 0;
    for (int i = 0; i < k; ++i) {
      if (step_.in.id[i] == step_.in.id[k]) return position(i);
      distinct += position_is_new(i);
    }
    return distinct;
  }
  bool position_is_new(int k) const { return std::find(step_.in.id.begin(), step_.in.id.begin() + k, step_.in.id[k]) == step_.in.id.begin() + k; }

  void place_parameters(std::span<const float> block) {
    std::size_t count = 0;
    for (const auto& e : info_.parameters) count += e.count;
    parameters_ = memory<master>(count);
    std::size_t at = 0;
    for (std::size_t i = 0; i < info_.parameters.size(); ++i) {
      const auto& e = info_.parameters[i];
      master* to = parameters_.template at<master>(at * sizeof(master));
      upload_floats(*context_, block.subspan(e.offset, e.count), to);
      call_.parameters[i] = to;
      at += e.count;
    }
    if (!step_.pack) return;
    packed_ = memory<master>(step_.packed(*context_));
    call_.packed = packed_.template at<master>(0);
    step_.pack(*context_, call_.parameters, packed_.template at<master>(0));
  }

  void prepare_backward() {
    kept_ = memory<master>(step_.kept(*context_, call_.sizes()));
    if (step_.kept_size) call_.kept = kept_.template at<master>(0);
    statistics_ = memory<master>(std::size_t(step_.reads.statistics));
    if (step_.reads.statistics) call_.statistics = statistics_.template at<master>(0);
    output_gradient_ = memory<T>(info_.output.count());
    T* d = output_gradient_.template at<T>(0);
    std::vector<T> values(info_.output.count());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = T(master((int(i * 2654435761u % 2001) - 1000) * 1e-6));
    context_->upload(d, values.data(), values.size() * sizeof(T));
    back_.inputs = call_.inputs;
    back_.in = call_.in;
    back_.out = call_.out;
    back_.d_out = view<const T>{d, info_.output, B::preferred};
    for (const auto& in : info_.inputs) input_gradients_.push_back(memory<T>(in.count()));
    for (int k = 0; k < call_.inputs; ++k) {
      back_.d_in[k] = {input_gradients_[position(k)].template at<T>(0), info_.inputs[position(k)], B::preferred};
      back_.write[k] = position_is_new(k) ? gradient_write::overwrite : gradient_write::accumulate;
    }
    back_.parameters = call_.parameters;
    for (std::size_t i = 0; i < info_.parameters.size(); ++i)
      if (info_.parameters[i].trainable) {
        parameter_gradients_.push_back(memory<master>(info_.parameters[i].count));
        back_.d_parameters[i] = parameter_gradients_.back().template at<master>(0);
      }
    back_.statistics = call_.statistics;
    back_.kept = call_.kept;
    back_.scratch = call_.scratch;
  }

  shared_context<B> context_;
  step<B> step_;
  layer_info info_;
  purpose what_;
  std::size_t bytes_ = 0;
  std::vector<typename B::buffer> inputs_, input_gradients_, parameter_gradients_;
  typename B::buffer output_, output_gradient_, parameters_, packed_, statistics_, kept_, scratch_;
  forward_call<T> call_;
  backward_call<T> back_;
};

}  // namespace viseme
