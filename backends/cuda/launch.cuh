// launch() for nvcc; include it where kernels are instantiated.
#pragma once

#include <backends/cuda/backend.hpp>
#include <kernels/simt/device.cuh>

namespace viseme::backends {

template <class Kernel>
void launch(cuda_context& c, simt::grid g, const Kernel& kernel) {
  constexpr std::size_t bytes = simt::shared_bytes<Kernel>() > simt::fixed_shared_bytes ? simt::shared_bytes<Kernel>() : 0;
  if constexpr (bytes > 0) {
    static const cudaError_t allowed = cudaFuncSetAttribute(simt::entry<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes));
    check(allowed, "cudaFuncSetAttribute for shared memory");
  }
  simt::entry<Kernel><<<dim3(unsigned(g.x), unsigned(g.y), unsigned(g.z)), Kernel::threads, bytes, c.stream()>>>(kernel);
  check(cudaGetLastError(), "launch of a kernel");
}

}  // namespace viseme::backends
