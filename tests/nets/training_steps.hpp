// One training step of the mobile UNet under three losses, and one SyncNet step, on any device through the runner, against PyTorch's float64 numbers:
// outputs, losses, every gradient's norm, chosen gradients whole, running statistics.
#pragma once

#include <tests/nets/golden_step.hpp>

namespace viseme::tests {

inline std::vector<float> block_of(const net_spec& spec) { return golden_block(checkpoint_parameters(spec)); }

inline void check_unet_step(const std::shared_ptr<device>& on) {
  const step_check want("train_unet_ave_mobile", false);
  const net_spec unet{"unet", "ave", "mobile"}, sync{"syncnet", "ave", ""}, vgg{"vgg19", "", ""};
  const auto target = golden_values("face", {2, 3, 320, 320}), audio = golden_values("audio", {2, 32, 16, 16});

  const auto net = on->train(unet, block_of(unet), {.batch = 2, .image = {0, 0}, .graph = {}});
  net->write("image", golden_values("image", {2, 6, 320, 320}));
  net->write("audio", audio);
  net->forward();
  std::vector<float> pred(net->output_size("output").count());
  net->read("output", pred);
  want.close("pred", pred);

  const auto l1 = net->loss(loss_kind::l1, "output", target, 1);
  double content = 0, sync_loss = 0;
  {
    const auto seen = on->train(vgg, block_of(vgg), {.batch = 2, .image = {0, 0}, .graph = {.frozen = true, .input_gradients = true, .outputs = {}}});
    const auto wanted = on->train(vgg, block_of(vgg), {.batch = 2, .image = {0, 0}, .graph = {.frozen = true, .input_gradients = false, .outputs = {}}});
    seen->write_from("face", *net, "output");
    seen->forward();
    wanted->write("face", target);
    wanted->forward();
    content = seen->mse_to("output", *wanted, "output", 100);
    seen->backward();
    net->add_gradient_from("output", *seen, "face");
  }
  {
    const auto judge = on->train(sync, block_of(sync), {.batch = 2, .image = {0, 0}, .graph = {.frozen = true, .input_gradients = true, .outputs = {"audio", "face"}}});
    judge->write_from("face", *net, "output");
    judge->write("audio", audio);
    judge->forward();
    const std::vector<float> in_sync{1, 1};
    sync_loss = judge->cosine_bce("audio", "face", in_sync, 10);
    judge->backward();
    net->add_gradient_from("output", *judge, "face");
  }
  want.close("losses", {float(l1), float(content), float(sync_loss), float(l1 + 100 * content + 10 * sync_loss)});
  net->backward();
  want.gradients(*net);
  net->adam_step({}, 1);
  want.after(*net);
}

inline void check_syncnet_step(const std::shared_ptr<device>& on) {
  const step_check want("train_syncnet_ave", false);
  const net_spec spec{"syncnet", "ave", ""};
  const auto net = on->train(spec, block_of(spec), {.batch = 2, .image = {0, 0}, .graph = {.frozen = false, .input_gradients = false, .outputs = {"audio", "face"}}});
  net->write("face", golden_values("face", {2, 3, 320, 320}));
  net->write("audio", golden_values("audio", {2, 32, 16, 16}));
  net->forward();
  const std::vector<float> labels{1, 0};
  want.close("loss", {float(net->cosine_bce("audio", "face", labels, 1))});
  net->backward();
  want.gradients(*net);
}

}  // namespace viseme::tests
