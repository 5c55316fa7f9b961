// The registry behind run/runner.hpp: which nets and backends this build has. Definitions of the factories are in */instantiate.
#include <algorithm>
#include <thread>

#include <backends/cpu/backend.hpp>
#include <viseme/core/error.hpp>
#include <viseme/run/fold_branches.hpp>
#include <viseme/run/init.hpp>
#include <viseme/run/factory.hpp>
#include <viseme/run/layer_alone.hpp>
#include <viseme/run/with_net.hpp>

namespace viseme {
namespace {

template <class Net>
inline constexpr bool is_trained = true;
template <>
inline constexpr bool is_trained<audio_encoder> = false;
template <>
inline constexpr bool is_trained<pfld<folded>> = false;

template <class B>
class host_device final : public device {
public:
  host_device(std::string backend, int threads) : backend_(std::move(backend)), context_(std::make_shared<typename B::context>(threads)) {}

  std::string backend() const override { return backend_; }
  std::string describe() const override {
    const std::string set = backend_ == "cpu" ? std::string(kernels::cpu::name(context_->set)) + ", " : "";
    return backend_ + " (" + set + std::to_string(threads()) + (threads() == 1 ? " thread)" : " threads)");
  }
  int threads() const override { return context_->threads.threads(); }
  std::shared_ptr<const model> prepare(const net_spec& spec, std::span<const float> block) override {
    return with_net<folded>(spec, [&](auto n) { return inference_factory<B, typename decltype(n)::type>::make(context_, spec, block); });
  }
  std::unique_ptr<training_net> train(const net_spec& spec, std::span<const float> block, const training_net_options& o) override {
    return with_net<folded>(spec, [&](auto n) -> std::unique_ptr<training_net> {
      using net = typename decltype(n)::type;
      if constexpr (is_trained<net>) return training_factory<B, net>::make(context_, block, o);
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
  [[noreturn]] static void refuse_training(const net_spec& spec) {
    throw error("net '" + spec.net + "'", "it is for inference only", "train unet or syncnet");
  }
  static net_steps<B> steps(const net_spec& spec, purpose what, int batch) {
    return with_net<folded>(spec, [&](auto n) -> net_steps<B> {
      using net = typename decltype(n)::type;
      if (what == purpose::inference) return inference_factory<B, net>::steps(batch);
      if constexpr (is_trained<net>) return training_factory<B, net>::steps(batch);
      else refuse_training(spec);
    });
  }

  std::string backend_;
  shared_context<B> context_;
};

}  // namespace

dtype parse_dtype(const std::string& s) {
  for (auto d : {dtype::fp64, dtype::fp32, dtype::bf16, dtype::fp16, dtype::int8})
    if (s == text(d)) return d;
  unknown_name("dtype", s, "fp32, bf16, fp16, int8");
}

std::string text(dtype d) {
  constexpr const char* names[] = {"fp64", "fp32", "bf16", "fp16", "int8"};
  return names[int(d)];
}

std::vector<parameter_entry> net_parameters(const net_spec& spec) {
  return with_net<folded>(spec, [](auto n) { return graph::parameters<typename decltype(n)::type>(); });
}

std::vector<parameter_entry> checkpoint_parameters(const net_spec& spec) {
  auto entries = with_net<branches>(spec, [](auto n) { return graph::parameters<typename decltype(n)::type>(); });
  if (spec.net == "pfld") {
    const auto unused = [&](const char* name, std::vector<std::int64_t> sizes) {
      std::size_t count = 1;
      for (auto s : sizes) count *= std::size_t(s);
      entries.push_back({name, std::move(sizes), false, false, block_size(entries), count, -1, 0});
    };
    unused("localization.0.weight", {8, 1, 7, 7});
    unused("localization.0.bias", {8});
    unused("localization.3.weight", {10, 8, 5, 5});
    unused("localization.3.bias", {10});
  }
  return entries;
}

std::vector<float> net_block(const net_spec& spec, std::vector<float> block) {
  if (spec.net != "pfld") return block;
  const auto from = checkpoint_parameters(spec);
  require(block.size() == block_size(from), "weights", "the block has another size than the net's checkpoint", "load it by the net's table");
  return branch_folding(from, block)(net_parameters(spec));
}

std::vector<float> initial_block(const net_spec& spec, std::uint64_t seed) { return initial_values(net_parameters(spec), seed); }

std::shared_ptr<device> open_device(const std::string& backend, dtype type, int threads) {
  require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads) + " is not between 0 and 1024", "give 0 for all cores");
  const int count = threads ? threads : std::max(1u, std::thread::hardware_concurrency());
  if (backend == "auto" || backend == "cpu") {
    require(type == dtype::fp32, "dtype " + text(type), "the cpu backend of this build computes in fp32", "use --dtype fp32");
    return std::make_shared<host_device<backends::cpu<float>>>("cpu", count);
  }
  if (backend == "reference") {
    require(type == dtype::fp32 || type == dtype::fp64, "dtype " + text(type), "the reference backend computes in fp32 and fp64", "use --dtype fp32");
    if (type == dtype::fp64) return std::make_shared<host_device<backends::reference<double>>>("reference", count);
    return std::make_shared<host_device<backends::reference<float>>>("reference", count);
  }
  for (const char* known : {"cuda", "cudnn", "emulated"})
    if (backend == known) throw error("backend '" + backend + "'", "this build does not have it", "use auto, cpu or reference");
  unknown_name("backend", backend, "auto, cpu, reference");
}

std::string list_backends() {
  return std::string("backends cpu (") + kernels::cpu::name(kernels::cpu::best_instruction_set()) +
         ", fp32; average pooling, L2 normalisation and the cosine loss run on reference), reference (fp32, fp64); devices: none beside the CPU";
}

}  // namespace viseme
