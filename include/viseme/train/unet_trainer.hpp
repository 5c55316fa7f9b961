// Teaches a UNet to draw one person's mouth from sound.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <viseme/io/atomic_file.hpp>
#include <viseme/run/runner.hpp>
#include <viseme/train/checkpoint.hpp>
#include <viseme/train/held_out.hpp>
#include <viseme/train/loader.hpp>
#include <viseme/train/loss_nets.hpp>
#include <viseme/train/split.hpp>

namespace viseme::train {

enum class learning_rate_schedule { constant, cosine };

struct unet_options {
  std::string width = "wide";
  int batch = 8;
  std::int64_t steps = 10000;
  adam rule = {};
  learning_rate_schedule schedule = learning_rate_schedule::cosine;  ///< cosine: down to 5 % at the last step
  int look_ahead = audio::longest_look_ahead;
  std::uint64_t seed = 0;
  double l1_weight = 1;
  int held_out_frames = 32;  ///< measured at most
};

/// A person, read once; trainers share it.
struct training_data {
  std::shared_ptr<const face_store> faces;
  std::shared_ptr<const audio::feature_rows> features;
  split frames;
};

/// What one step did. Losses are means over the batch, not weighted.
struct step_report {
  std::int64_t step = 0;
  double learning_rate = 0, l1 = 0;
  std::vector<std::pair<std::string, double>> others;
};

/// One training. Steps count from 1; on the CPU the same options and data give the same bits, also when resumed.
class unet_trainer {
public:
  /// Starts from `block` (initial_block, or another person's weights). Throws `error` for a bad batch or learning rate.
  unet_trainer(std::shared_ptr<device> on, training_data data, unet_options options, std::span<const float> block,
               std::vector<std::unique_ptr<loss_net>> others = {})
      : device_(std::move(on)), data_(std::move(data)), options_(std::move(options)), others_(std::move(others)) {
    require(options_.batch >= 1 && options_.batch <= 1024, "batch " + std::to_string(options_.batch), "not within 1 to 1024", "use 8");
    require(options_.rule.lr > 0 && options_.rule.lr < 1, "learning rate", "not within 0 to 1", "use 0.001");
    require(options_.steps >= 0, "steps", "negative", "use 10000");
    net_ = device_->train(spec(), block, {.batch = options_.batch, .image = {0, 0}, .graph = {.frozen = false, .input_gradients = false, .outputs = {"output"}}});
    held_out_.emplace(data_.faces, data_.features, data_.frames, options_.look_ahead, options_.seed, options_.held_out_frames);
    start_loader();
  }

  net_spec spec() const { return {"unet", std::string(audio::name(data_.features->kind)), options_.width}; }
  const unet_options& options() const { return options_; }
  std::int64_t step_number() const { return step_; }
  std::size_t memory_bytes() const {
    auto bytes = net_->memory_bytes();
    for (const auto& loss : others_) bytes += loss->memory_bytes();
    return bytes;
  }

  double learning_rate(std::int64_t step) const {
    if (options_.schedule == learning_rate_schedule::constant || options_.steps < 2) return options_.rule.lr;
    const double part = std::min(1.0, double(step - 1) / double(options_.steps - 1));
    return options_.rule.lr * (0.05 + 0.95 * 0.5 * (1 + std::cos(std::numbers::pi * part)));
  }

  /// One batch: forward, losses, backward, Adam. Throws `error` when the loss is no longer a number.
  step_report step() {
    const auto& batch = loader_->next();
    net_->write("image", batch.image);
    net_->write("audio", batch.audio);
    net_->forward();
    net_->clear_output_gradients();
    step_report report{.step = step_ + 1, .learning_rate = learning_rate(step_ + 1), .l1 = 0, .others = {}};
    report.l1 = net_->loss(loss_kind::l1, "output", batch.target, options_.l1_weight);
    double sum = report.l1;
    for (const auto& loss : others_) sum += report.others.emplace_back(loss->name(), loss->add(*net_, batch.target, batch.audio)).second;
    require(std::isfinite(sum), "training, step " + std::to_string(report.step), "the loss is no longer a number",
            "go on from the last checkpoint with a smaller --lr");
    net_->clear_gradients();
    net_->backward();
    auto rule = options_.rule;
    rule.lr = report.learning_rate;
    net_->adam_step(rule, report.step);
    step_ = report.step;
    samples_ += options_.batch;
    return report;
  }

  /// Parameters and buffers as they are now, in the net's order.
  std::vector<float> block() const {
    std::vector<float> values(block_size(net_->parameters()));
    net_->read_parameters(values);
    return values;
  }

  /// On held-out frames, by an inference session of the weights as they are now; nothing where none is held out.
  std::optional<quality> measure() const {
    if (held_out_->empty()) return {};
    const auto net = device_->prepare(spec(), block());
    return held_out_->measure(*net->make_session({}));
  }
  /// What the nearest training frame would score; nothing where no frame is held out.
  std::optional<quality> trivial() const { return held_out_->empty() ? std::optional<quality>() : held_out_->trivial(); }

  /// Writes a picture of a few held-out frames: reference, masked, target, result, error x 4.
  void write_preview(const std::filesystem::path& path) const {
    if (held_out_->empty()) return;
    const auto net = device_->prepare(spec(), block());
    std::vector<std::uint8_t> jpeg;
    cv::imencode(".jpg", held_out_->preview(*net->make_session({})), jpeg, {cv::IMWRITE_JPEG_QUALITY, 92});
    io::write_text(path, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  }

  checkpoint_info info() const {
    const nlohmann::ordered_json configuration{{"batch", options_.batch},       {"steps", options_.steps},
                                               {"lr", options_.rule.lr},        {"schedule", options_.schedule == learning_rate_schedule::cosine ? "cosine" : "constant"},
                                               {"l1_weight", options_.l1_weight}, {"seed", options_.seed},
                                               {"samples", samples_},           {"training_frames", data_.frames.training.size()}};
    return {.spec = spec(), .fps = data_.features->fps, .look_ahead = options_.look_ahead, .window = "edge", .step = step_, .training = configuration.dump(),
            .audio_encoder_sha256 = audio_encoder_sha256};
  }
  std::string audio_encoder_sha256;  ///< kept in the checkpoints

  /// Writes folder/STEP.state and then folder/STEP.safetensors, and removes all but the last `keep`.
  void save(const std::filesystem::path& folder, std::size_t keep = 3) const {
    const auto trainable = trainable_size(net_->parameters());
    training_state state{step_, samples_, options_.seed, block(), std::vector<float>(trainable), std::vector<float>(trainable)};
    net_->read_moments(state.first_moment, state.second_moment);
    const auto stem = folder / std::to_string(step_);
    write_state(stem.string() + ".state", info(), state);
    write_checkpoint(stem.string() + ".safetensors", info(), net_->parameters(), state.block);
    for (const char* extension : {".safetensors", ".state"}) {
      const auto files = numbered_files(folder, {extension});
      std::error_code ignored;
      for (std::size_t i = 0; i + keep < files.size(); ++i) std::filesystem::remove(files[i].path, ignored);
    }
  }

  /// Goes on where `path` (N.state) was written: weights, moments, step and place in the data. Throws `error` if it is another net's.
  void resume(const std::filesystem::path& path) {
    const auto& table = net_->parameters();
    const auto state = read_state(path, info(), block_size(table), trainable_size(table));
    require(state.seed == options_.seed, "'" + path.string() + "'", "it was trained with --seed " + std::to_string(state.seed),
            "continue with the same seed");
    net_->write_parameters(state.block);
    net_->write_moments(state.first_moment, state.second_moment);
    step_ = state.step;
    samples_ = state.samples;
    start_loader();
  }

private:
  void start_loader() {
    loader_.reset();
    loader_ = std::make_unique<loader>(data_.faces, data_.features, data_.frames.training,
                                       loader_options{options_.batch, options_.seed, options_.look_ahead}, samples_);
  }

  std::shared_ptr<device> device_;
  training_data data_;
  unet_options options_;
  std::vector<std::unique_ptr<loss_net>> others_;
  std::unique_ptr<training_net> net_;
  std::optional<held_out_frames> held_out_;
  std::unique_ptr<loader> loader_;
  std::int64_t step_ = 0, samples_ = 0;
};

}  // namespace viseme::train
