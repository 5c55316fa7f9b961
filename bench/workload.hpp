// A case made ready to run through the runner. Weights and inputs follow from their names, so that a peer makes the same ones.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <bench/cases.hpp>
#include <tests/golden_rule.hpp>
#include <viseme/render/kept_encoder.hpp>

namespace viseme::bench {

inline constexpr std::string_view salt = "public";

using named_arrays = std::map<std::string, std::vector<float>>;

/// The net's flat block, filled as tests/reference/make_golden.py fills its module.
inline std::vector<float> weights_of(const net_spec& spec) {
  const auto entries = checkpoint_parameters(spec);
  std::vector<float> block(block_size(entries));
  for (const auto& e : entries) {
    const auto values = tests::golden_parameter(salt, e.name, e.sizes, e.norm, spec.net == "pfld" ? 1.0 / 8 : 1);
    std::copy(values.begin(), values.end(), block.begin() + std::ptrdiff_t(e.offset));
  }
  return net_block(spec, std::move(block));
}

inline std::vector<float> input_values(const std::string& name, std::size_t count) {
  const auto values = tests::golden_input(salt, name, count);
  return {values.begin(), values.end()};
}

/// What a run is asked for: its last value, but both of SyncNet's.
inline std::vector<std::string> outputs_of(const net_spec& spec) {
  if (spec.net == "syncnet") return {"audio", "face"};
  return {};
}

/// What is timed: from dense NCHW inputs to dense NCHW outputs or, in training, to updated weights. On a GPU, whose peers do the same, inputs and
/// outputs stay where they are.
class workload {
public:
  virtual ~workload() = default;
  virtual void run() = 0;
  /// Of the last run, one output after the other.
  virtual std::vector<float> output() = 0;
};

/// A net's weights and inputs in memory and nothing else yet: the idle state that memory is counted from.
class loaded_case {
public:
  virtual ~loaded_case() = default;
  virtual std::unique_ptr<workload> start() = 0;
  virtual std::vector<std::string> fallbacks() const = 0;
};

namespace detail {

class forward_workload final : public workload {
public:
  forward_workload(const device& on, const model& net, const net_case& c, const named_arrays& inputs, const std::vector<std::string>& outputs)
      : stays_(on.has_own_memory()), inputs_(inputs) {
    const bool resumes = c.task == task::resume;
    session_ = net.make_session({.batch = c.batch, .image = {0, 0}, .cut = {{}, outputs, resumes ? render::kept_steps : std::vector<std::string>{}}});
    for (const auto& v : session_->outputs()) outputs_[v.name].resize(v.size.count());
    if (stays_ || resumes) write();
    if (!resumes) return;
    session_->run();
    kept_ = session_->keep();
  }
  void run() override {
    if (!stays_) write();
    if (kept_) session_->resume(*kept_);
    else session_->run();
    if (stays_) session_->wait();
    else read();
  }
  std::vector<float> output() override {
    if (stays_) read();
    std::vector<float> all;
    for (const auto& [name, values] : outputs_) all.insert(all.end(), values.begin(), values.end());
    return all;
  }

private:
  void write() {
    for (const auto& [name, values] : inputs_) session_->write(name, values);
  }
  void read() {
    for (auto& [name, values] : outputs_) session_->read(name, values);
  }

  bool stays_;
  std::unique_ptr<session> session_;
  std::unique_ptr<const kept_values> kept_;
  const named_arrays& inputs_;
  named_arrays outputs_;
};

class loaded_forward final : public loaded_case {
public:
  loaded_forward(device& on, const net_case& c) : on_(on), case_(c), net_(on.prepare(c.spec(), weights_of(c.spec()))), outputs_(outputs_of(c.spec())) {
    for (const auto& v : net_->make_session({.batch = c.batch, .image = {0, 0}, .cut = {{}, outputs_}})->inputs())
      inputs_[v.name] = input_values(v.name, v.size.count());
  }
  std::unique_ptr<workload> start() override { return std::make_unique<forward_workload>(on_, *net_, case_, inputs_, outputs_); }
  std::vector<std::string> fallbacks() const override { return net_->fallbacks(); }

private:
  device& on_;
  net_case case_;
  std::shared_ptr<const model> net_;
  named_arrays inputs_;
  const std::vector<std::string> outputs_;
};

/// Forward, loss, backward, Adam, gradients cleared. The UNet's loss is L1 to a face, SyncNet's that of pairs in sync and out of sync by turns.
class training_workload final : public workload {
public:
  training_workload(device& on, const net_case& c, std::span<const float> block, const named_arrays& inputs, const std::vector<float>& target)
      : outputs_(outputs_of(c.spec())), net_(on.train(c.spec(), block, {.batch = c.batch, .image = {0, 0}, .graph = {.outputs = outputs_}})), inputs_(inputs),
        target_(target) {}
  void run() override {
    for (const auto& [name, values] : inputs_) net_->write(name, values);
    net_->forward();
    net_->clear_output_gradients();
    if (outputs_.empty()) net_->loss(loss_kind::l1, "output", target_, 1);
    else net_->cosine_bce(outputs_[0], outputs_[1], target_, 1);
    net_->backward();
    net_->adam_step(adam{}, ++step_);
    net_->clear_gradients();
  }
  std::vector<float> output() override {
    std::vector<float> all;
    for (const auto& name : outputs_.empty() ? std::vector<std::string>{"output"} : outputs_) {
      std::vector<float> values(net_->output_size(name).count());
      net_->read(name, values);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

private:
  std::vector<std::string> outputs_;
  std::unique_ptr<training_net> net_;
  const named_arrays& inputs_;
  const std::vector<float>& target_;
  std::int64_t step_ = 0;
};

class loaded_training final : public loaded_case {
public:
  loaded_training(device& on, const net_case& c) : on_(on), case_(c), block_(weights_of(c.spec())) {
    const auto face = std::size_t(c.batch) * 3 * 320 * 320;
    inputs_["audio"] = input_values("audio", std::size_t(c.batch) * 32 * 16 * 16);
    if (c.spec().net == "syncnet") {
      inputs_["face"] = input_values("face", face);
      for (int i = 0; i < c.batch; ++i) target_.push_back(float(i % 2 == 0));
    } else {
      inputs_["image"] = input_values("image", 2 * face);
      target_ = input_values("face", face);
    }
  }
  std::unique_ptr<workload> start() override { return std::make_unique<training_workload>(on_, case_, block_, inputs_, target_); }
  std::vector<std::string> fallbacks() const override { return on_.prepare(case_.spec(), block_)->fallbacks(); }

private:
  device& on_;
  net_case case_;
  std::vector<float> block_;
  named_arrays inputs_;
  std::vector<float> target_;
};

}  // namespace detail

inline std::unique_ptr<loaded_case> load(device& on, const net_case& c) {
  if (c.task == task::train_step) return std::make_unique<detail::loaded_training>(on, c);
  return std::make_unique<detail::loaded_forward>(on, c);
}

}  // namespace viseme::bench
