// Which backends this build has, and how each is opened. Nets and what runs them are instantiated in */instantiate.
#include <thread>

#include <backends/cpu/backend.hpp>
#include <backends/cuda/device.hpp>
#include <backends/cudnn/device.hpp>
#include <backends/emulated/nets.hpp>
#include <backends/net_device.hpp>

namespace viseme {
namespace {

template <class B, class Ops = B>
std::shared_ptr<device> open_host(int threads, const std::string& set = "") {
  const std::string described = std::string(B::name) + " (" + set + std::to_string(threads) + (threads == 1 ? " thread)" : " threads)");
  return std::make_shared<net_device<B, Ops>>(B::name, described, std::make_shared<typename B::context>(threads), threads);
}

std::string set_name() { return kernels::cpu::name(kernels::cpu::best_instruction_set()); }

[[noreturn]] void refuse(const std::string& backend, dtype type, const std::string& have) {
  throw error("dtype " + text(type), "the " + backend + " backend of this build computes in " + have, "use one of these");
}

bool a_gpu_is_here() {
  std::string why_not;
  return !backends::cuda_devices(why_not).empty();
}

/// Without NVIDIA's libraries, or where they refuse the driver, by the project's own kernels.
std::shared_ptr<device> open_gpu(dtype type) {
  try {
    return backends::open_cudnn(type);
  } catch (const error&) {
    return backends::open_cuda(type);
  }
}

}  // namespace

std::shared_ptr<device> open_device(const std::string& backend, dtype type, int threads) {
  require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads) + " is not between 0 and 1024", "give 0 for all cores");
  const int count = threads ? threads : std::max(1u, std::thread::hardware_concurrency());
  if (backend == "auto" && a_gpu_is_here()) return open_gpu(type);
  if (backend == "cudnn") return backends::open_cudnn(type);
  if (backend == "cuda") return backends::open_cuda(type);
  if (backend == "auto" || backend == "cpu") {
    if (type == dtype::fp32) return open_host<backends::cpu<float>>(count, set_name() + ", ");
    if (type == dtype::bf16) return open_host<backends::cpu<float>, backends::cpu_bf16>(count, set_name() + ", bf16, ");
    if (type == dtype::int8) return open_host<backends::cpu<float>, backends::cpu_int8>(count, set_name() + ", int8, ");
    refuse("cpu", type, "fp32, bf16 and int8");
  }
  if (backend == "reference") {
    if (type == dtype::fp64) return open_host<backends::reference<double>>(count);
    if (type == dtype::fp32) return open_host<backends::reference<float>>(count);
    refuse("reference", type, "fp32 and fp64");
  }
  if (backend == "emulated") {
    if (type == dtype::fp32) return open_host<backends::emulated<float>>(count);
    if (type == dtype::bf16) return open_host<backends::emulated<bf16>>(count);
    if (type == dtype::fp16) return open_host<backends::emulated<fp16>>(count);
    refuse("emulated", type, "fp32, bf16 and fp16");
  }
  unknown_name("backend", backend, "auto, cpu, cuda, cudnn, reference, emulated");
}

std::string list_backends() {
  std::string why_not, found;
  for (const auto& name : backends::cuda_devices(why_not)) found += (found.empty() ? "" : ", ") + name;
  const std::string cudnn = backends::cudnn_is_built() ? "cudnn (fp32, bf16, fp16; needs cuDNN 9 installed), " : "";
  const std::string cuda = backends::cuda_is_built() ? "cuda (fp32, bf16, fp16), " : "";
  const std::string none = backends::cuda_is_built() ? "none beside the CPU (" + why_not + ")" : "none beside the CPU";
  return "backends " + cudnn + cuda + "cpu (" + set_name() + ", fp32, bf16, int8), reference (fp32, fp64), " +
         "emulated (cuda's kernels on the CPU, for tests); devices: " + (found.empty() ? none : found);
}

}  // namespace viseme
