// A backend opened, behind the runner's interface. Nets and what runs them are instantiated in */instantiate.
#pragma once

#include <string>

#include <viseme/core/error.hpp>
#include <viseme/run/factory.hpp>
#include <viseme/run/layer_alone.hpp>
#include <viseme/run/with_net.hpp>

namespace viseme {

template <class Net>
inline constexpr bool is_trained = true;
template <>
inline constexpr bool is_trained<audio_encoder> = false;
template <>
inline constexpr bool is_trained<pfld<folded>> = false;

/// Whether a backend's programs for a net are instantiated.
template <class B, class Net>
inline constexpr bool has_net = true;

/// The ops of an inference on a device that was opened with ops of its own for rendering: the UNet's, which is what renders.
template <class B, class Ops, class Net>
struct inference_ops : std::type_identity<B> {};
template <class B, class Ops, audio_features Audio, class Width>
struct inference_ops<B, Ops, unet<Audio, Width>> : std::type_identity<Ops> {};

/// Ops: those of a net_program for inference; where they are not B's, nets are not trained.
template <class B, class Ops = B>
class net_device final : public device {
public:
  /// `description`: what describe() answers.
  net_device(std::string backend, std::string description, shared_context<B> context, int threads)
      : backend_(std::move(backend)), description_(std::move(description)), context_(std::move(context)), threads_(threads) {}

  std::string backend() const override { return backend_; }
  std::string describe() const override { return description_; }
  int threads() const override { return threads_; }
  bool has_own_memory() const override { return !std::is_same_v<typename B::buffer, host_buffer>; }
  std::shared_ptr<const model> prepare(const net_spec& spec, std::span<const float> block) override {
    return with_net<folded>(spec, [&](auto n) -> std::shared_ptr<const model> {
      using net = typename decltype(n)::type;
      if constexpr (has_net<B, net>) return net_factory<B>::prepare(inference<net>(), context_, spec, block);
      else refuse(spec);
    });
  }
  std::unique_ptr<training_net> train(const net_spec& spec, std::span<const float> block, const training_net_options& o) override {
    return with_net<folded>(spec, [&](auto n) -> std::unique_ptr<training_net> {
      using net = typename decltype(n)::type;
      if constexpr (!has_net<B, net>) refuse(spec);
      else if constexpr (!trains) refuse_training();
      else if constexpr (is_trained<net>) return net_factory<B>::train(net_program<B, net, purpose::training>::make(), context_, block, o);
      else refuse_training(spec);
    });
  }
  std::vector<layer_info> layers(const net_spec& spec, purpose what, int batch) override { return steps(spec, what, batch).layers; }
  std::unique_ptr<layer_run> layer(const net_spec& spec, purpose what, int batch, std::size_t index, std::span<const float> block) override {
    auto all = steps(spec, what, batch);
    require(index < all.layers.size(), "layer " + std::to_string(index) + " of net '" + spec.net + "'", "it has " + std::to_string(all.layers.size()),
            "see device::layers");
    return std::make_unique<layer_alone<B>>(context_, std::move(all), index, what, block);
  }

private:
  static constexpr bool trains = std::is_same_v<B, Ops>;

  template <class Net>
  static program<B> inference() {
    return net_program<B, Net, purpose::inference, typename inference_ops<B, Ops, Net>::type>::make();
  }
  [[noreturn]] static void refuse_training() { throw error("training in this dtype", "the cpu backend has gradients in fp32", "train in fp32; what it made renders in bf16 and int8 too"); }
  [[noreturn]] static void refuse(const net_spec& spec) {
    throw error("net '" + spec.net + "' with features '" + spec.features + "'", std::string("the ") + B::name + " backend of this build does not have it",
                "use --backend cpu");
  }
  [[noreturn]] static void refuse_training(const net_spec& spec) {
    throw error("net '" + spec.net + "'", "it is for inference only", "train unet or syncnet");
  }
  static net_steps<B> steps(const net_spec& spec, purpose what, int batch) {
    return with_net<folded>(spec, [&](auto n) -> net_steps<B> {
      using net = typename decltype(n)::type;
      if constexpr (!has_net<B, net>) refuse(spec);
      else {
        if (what == purpose::inference) return net_factory<B>::steps(inference<net>(), batch);
        if constexpr (!trains) refuse_training();
        else if constexpr (is_trained<net>) return net_factory<B>::steps(net_program<B, net, purpose::training>::make(), batch);
        else refuse_training(spec);
      }
    });
  }

  std::string backend_, description_;
  shared_context<B> context_;
  int threads_;
};

}  // namespace viseme
