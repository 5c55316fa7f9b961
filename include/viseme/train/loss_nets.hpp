// Losses that look at the drawn face through a frozen net: VGG-19's features and SyncNet's agreement with the sound.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <viseme/run/runner.hpp>

namespace viseme::train {

/// A term of the loss besides L1; adds its gradient to the UNet's output and returns its value, not weighted.
class loss_net {
public:
  virtual ~loss_net() = default;
  /// After unet.clear_output_gradients() and before unet.backward().
  virtual double add(training_net& unet, std::span<const float> target, std::span<const float> audio) = 0;
  virtual const char* name() const = 0;
  virtual std::size_t memory_bytes() const = 0;
};

/// `weight` x mean squared difference of VGG-19's features at conv3_3, before its ReLU (Johnson et al. 2016).
class perceptual_loss final : public loss_net {
public:
  perceptual_loss(device& on, std::span<const float> vgg_block, int batch, double weight)
      : drawn_(on.train({"vgg19"}, vgg_block, {.batch = batch, .image = {320, 320}, .graph = {.frozen = true, .input_gradients = true, .outputs = {}}})),
        real_(on.train({"vgg19"}, vgg_block, {.batch = batch, .image = {320, 320}, .graph = {.frozen = true, .input_gradients = false, .outputs = {}}})),
        weight_(weight) {}

  double add(training_net& unet, std::span<const float> target, std::span<const float>) override {
    drawn_->write_from("face", unet, "output");
    drawn_->forward();
    real_->write("face", target);
    real_->forward();
    drawn_->clear_output_gradients();
    const double value = drawn_->mse_to("output", *real_, "output", weight_);
    drawn_->backward();
    unet.add_gradient_from("output", *drawn_, "face");
    return value;
  }
  const char* name() const override { return "perceptual"; }
  std::size_t memory_bytes() const override { return drawn_->memory_bytes() + real_->memory_bytes(); }

private:
  std::unique_ptr<training_net> drawn_, real_;
  double weight_;
};

/// `weight` x BCE of (1 + cosine) / 2 between SyncNet's embeddings of the drawn face and of the sound, against "in sync" (Prajwal et al. 2020).
class sync_loss final : public loss_net {
public:
  sync_loss(device& on, const net_spec& spec, std::span<const float> block, int batch, double weight)
      : net_(on.train(spec, block, {.batch = batch, .image = {0, 0}, .graph = {.frozen = true, .input_gradients = true, .outputs = {"audio", "face"}}})),
        in_sync_(std::size_t(batch), 1.f), weight_(weight) {}

  double add(training_net& unet, std::span<const float>, std::span<const float> audio) override {
    net_->write_from("face", unet, "output");
    net_->write("audio", audio);
    net_->forward();
    net_->clear_output_gradients();
    const double value = net_->cosine_bce("audio", "face", in_sync_, weight_);
    net_->backward();
    unet.add_gradient_from("output", *net_, "face");
    return value;
  }
  const char* name() const override { return "sync"; }
  std::size_t memory_bytes() const override { return net_->memory_bytes(); }

private:
  std::unique_ptr<training_net> net_;
  std::vector<float> in_sync_;
  double weight_;
};

}  // namespace viseme::train
