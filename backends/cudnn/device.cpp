#include <backends/cudnn/device.hpp>

#include <backends/cuda/device.hpp>
#include <backends/cudnn/backend.hpp>
#include <backends/net_device.hpp>

namespace viseme::backends {
namespace {

template <class T>
std::shared_ptr<device> open(const std::string& name) {
  auto context = std::make_shared<cudnn_context>();
  const auto described = "cudnn " + context->version() + " (" + name + ")";
  return std::make_shared<net_device<cudnn<T>>>("cudnn", described, std::move(context), 1);
}

}  // namespace

bool cudnn_is_built() { return true; }

std::shared_ptr<device> open_cudnn(dtype type) {
  std::string why_not;
  const auto names = cuda_devices(why_not);
  require(!names.empty(), "backend 'cudnn'", why_not, "use --backend auto or cpu");
  switch (type) {
    case dtype::fp32: return open<float>(names[0]);
    case dtype::bf16: return open<bf16>(names[0]);
    case dtype::fp16: return open<fp16>(names[0]);
    default: throw error("dtype " + text(type), "the cudnn backend computes in fp32, bf16 and fp16", "use one of these");
  }
}

}  // namespace viseme::backends
