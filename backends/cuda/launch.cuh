// launch() for nvcc; include it where kernels are instantiated.
#pragma once

#include <backends/cuda/backend.hpp>
#include <kernels/simt/device.cuh>
#include <viseme/core/types.hpp>

namespace viseme::backends {

template <class Kernel>
void launch(cuda_context& c, simt::grid g, const Kernel& kernel) {
  constexpr std::size_t bytes = simt::shared_bytes<Kernel>();
  if constexpr (bytes > 48 << 10) {
    static const cudaError_t allowed = cudaFuncSetAttribute(simt::entry<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes));
    check(allowed, "cudaFuncSetAttribute for shared memory");
  }
  simt::entry<Kernel><<<dim3(unsigned(g.x), unsigned(g.y), unsigned(g.z)), Kernel::threads, bytes, c.stream()>>>(kernel);
  check(cudaGetLastError(), "launch of a kernel");
}

/// Instantiates launch() for each kernel of a list.
template <class List>
struct launchers;
template <class... Kernel>
struct launchers<type_list<Kernel...>> {
  using function = void (*)(cuda_context&, simt::grid);
  static std::size_t count() {
    (void)std::initializer_list<const void*>{reinterpret_cast<const void*>(static_cast<void (*)(cuda_context&, simt::grid, const Kernel&)>(&launch<Kernel>))...};
    return sizeof...(Kernel);
  }
};

}  // namespace viseme::backends
