#include <backends/cuda/device.hpp>

#include <backends/cuda/backend.hpp>
#include <backends/net_device.hpp>

namespace viseme::backends {
namespace {

template <class T>
std::shared_ptr<device> open(const std::string& name) {
  return std::make_shared<net_device<cuda<T>>>("cuda", "cuda (" + name + ")", std::make_shared<cuda_context>(), 1);
}

}  // namespace

bool cuda_is_built() { return true; }

std::vector<std::string> cuda_devices(std::string& why_not) {
  int count = 0;
  if (const auto status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    cudaGetLastError();
    why_not = cudaGetErrorString(status);
    return {};
  }
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, i) == cudaSuccess) names.emplace_back(properties.name);
  }
  if (names.empty()) why_not = "no GPU is found";
  return names;
}

std::shared_ptr<device> open_cuda(dtype type) {
  std::string why_not;
  const auto names = cuda_devices(why_not);
  require(!names.empty(), "backend 'cuda'", why_not, "use --backend auto or cpu");
  switch (type) {
    case dtype::fp32: return open<float>(names[0]);
    case dtype::bf16: return open<bf16>(names[0]);
    case dtype::fp16: return open<fp16>(names[0]);
    default: throw error("dtype " + text(type), "the cuda backend computes in fp32, bf16 and fp16", "use one of these");
  }
}

}  // namespace viseme::backends
