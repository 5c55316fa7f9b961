// Kernels for Hopper GPUs alone: compiled for sm_90a, launched where runs_wgmma().
#include <bit>

#include <cuda.h>

#include <backends/cuda/backend.hpp>
#include <kernels/device_only/hopper.cuh>
#include <kernels/simt/dense_product_wgmma.hpp>

namespace viseme::backends {
namespace {

/// The driver's; null where it is too old.
decltype(&cuTensorMapEncodeTiled) encode_tiles() {
  static const auto found = [] {
    void* at = nullptr;
    cudaDriverEntryPointQueryResult result{};
    const auto status = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &at, 12000, cudaEnableDefault, &result);
    if (status != cudaSuccess || result != cudaDriverEntryPointSuccess) at = nullptr;
    return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(at);
  }();
  return found;
}

}  // namespace

bool runs_wgmma(int device) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "cudaDeviceGetAttribute");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "cudaDeviceGetAttribute");
  return major == 9 && minor == 0 && encode_tiles();
}

simt::tile_map map_tiles(cuda_context&, const simt::tiled_matrix& m) {
  const cuuint64_t sizes[] = {cuuint64_t(m.columns), cuuint64_t(m.rows)}, pitches[] = {cuuint64_t(m.pitch)};
  const cuuint32_t tile[] = {cuuint32_t(m.tile_columns), cuuint32_t(m.tile_rows)}, steps[] = {1, 1};
  CUtensorMap map{};
  const auto status = encode_tiles()(&map, CU_TENSOR_MAP_DATA_TYPE_UINT16, 2, const_cast<void*>(m.data), sizes, pitches, tile, steps,
                                     CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
                                     CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (status != CUDA_SUCCESS)
    throw cuda_error("cuTensorMapEncodeTiled",
                     "error " + std::to_string(status) + " for " + std::to_string(m.rows) + " x " + std::to_string(m.columns) + " numbers",
                     "use --backend cpu");
  return std::bit_cast<simt::tile_map>(map);
}

template <class T, int Columns>
void launch(cuda_context& c, simt::grid g, const simt::dense_product_wgmma<T, Columns>& kernel) {
  using kernel_type = simt::dense_product_wgmma<T, Columns>;
  constexpr int bytes = sizeof(typename kernel_type::shared);
  static const cudaError_t allowed =
      cudaFuncSetAttribute(simt::hopper_entry<kernel_type>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  check(allowed, "cudaFuncSetAttribute for shared memory");
  simt::hopper_entry<kernel_type><<<unsigned(g.x), kernel_type::threads, bytes, c.stream()>>>(kernel);
  check(cudaGetLastError(), "launch of a kernel for Hopper");
}

template void launch(cuda_context&, simt::grid, const simt::dense_product_wgmma<bf16, 64>&);
template void launch(cuda_context&, simt::grid, const simt::dense_product_wgmma<bf16, 128>&);
template void launch(cuda_context&, simt::grid, const simt::dense_product_wgmma<fp16, 64>&);
template void launch(cuda_context&, simt::grid, const simt::dense_product_wgmma<fp16, 128>&);

}  // namespace viseme::backends
