// Kernels on a GPU: the thread context and the one entry through which all of them are launched. Compiled by nvcc only.
#pragma once

#include <cstdint>

#include <kernels/simt/thread.hpp>

namespace viseme::simt {

/// What a kernel may have without asking for it at its launch.
inline constexpr std::size_t fixed_shared_bytes = 48 << 10;

class device_thread {
public:
  __device__ int thread() const { return int(threadIdx.x); }
  __device__ index3 block() const { return {int(blockIdx.x), int(blockIdx.y), int(blockIdx.z)}; }
  __device__ index3 blocks() const { return {int(gridDim.x), int(gridDim.y), int(gridDim.z)}; }
  __device__ int lane() const { return thread() % warp_size; }
  __device__ int warp() const { return thread() / warp_size; }

  template <class S>
  __device__ S& shared() const {
    if constexpr (sizeof(S) <= fixed_shared_bytes) {
      __shared__ __align__(128) unsigned char fixed[sizeof(S)];
      return *reinterpret_cast<S*>(fixed);
    } else {
      extern __shared__ __align__(128) unsigned char memory[];
      return *reinterpret_cast<S*>(memory);
    }
  }
  __device__ void sync() const { __syncthreads(); }

  __device__ float shuffle_xor(float v, int mask) const { return __shfl_xor_sync(~0u, v, mask); }
  __device__ float warp_sum(float v) const {
    for (int half = warp_size / 2; half; half /= 2) v += shuffle_xor(v, half);
    return v;
  }
  __device__ float warp_max(float v) const {
    for (int half = warp_size / 2; half; half /= 2) {
      const float other = shuffle_xor(v, half);
      v = v > other || v != v ? v : other;
    }
    return v;
  }

  __device__ void mma(fragment_c& c, const fragment_a& a, const fragment_b& b, bf16) const {
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
        : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
#else
    by_shuffles<bf16>(c, a, b);
#endif
  }
  __device__ void mma(fragment_c& c, const fragment_a& a, const fragment_b& b, fp16) const {
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
        : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
#elif __CUDA_ARCH__ >= 750
    for (int half = 0; half < 2; ++half)
      asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
          : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
          : "r"(a.word[2 * half]), "r"(a.word[2 * half + 1]), "r"(b.word[half]));
#else
    by_shuffles<fp16>(c, a, b);
#endif
  }

  __device__ fragment_a load_transposed(const void* row) const {
    fragment_a f;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(f.word[0]), "=r"(f.word[1]), "=r"(f.word[2]), "=r"(f.word[3])
                 : "r"(in_shared(row))
                 : "memory");
    return f;
  }

  __device__ void copy_async(void* to, const void* from, bool there) const {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(in_shared(to)), "l"(from), "r"(there ? 16 : 0) : "memory");
#else
    *static_cast<uint4*>(to) = there ? *static_cast<const uint4*>(from) : uint4{};
#endif
  }
  __device__ void commit_copies() const {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
  }
  template <int N>
  __device__ void wait_copies() const {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
  }

protected:
  __device__ static unsigned in_shared(const void* p) { return unsigned(__cvta_generic_to_shared(p)); }

private:
  /// For chips whose tensor cores lack the type.
  template <class T>
  __device__ static void by_shuffles(fragment_c& c, const fragment_a& a, const fragment_b& b) {
    const int lane = int(threadIdx.x) % warp_size, g = lane / 4, q = lane % 4;
    const auto half = [](std::uint32_t word, int upper) {
      T t;
      t.bits = std::uint16_t(upper ? word >> 16 : word);
      return float(t);
    };
    for (int pair = 0; pair < 8; ++pair) {
      const int from = pair % 4, block = pair / 4;
      const std::uint32_t upper_row = __shfl_sync(~0u, a.word[2 * block], 4 * g + from),
                          lower_row = __shfl_sync(~0u, a.word[2 * block + 1], 4 * g + from);
      const std::uint32_t left = __shfl_sync(~0u, b.word[block], 4 * (2 * q) + from),
                          right = __shfl_sync(~0u, b.word[block], 4 * (2 * q + 1) + from);
      for (int k = 0; k < 2; ++k) {
        c.at[0] += half(upper_row, k) * half(left, k);
        c.at[1] += half(upper_row, k) * half(right, k);
        c.at[2] += half(lower_row, k) * half(left, k);
        c.at[3] += half(lower_row, k) * half(right, k);
      }
    }
  }
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads) entry(const __grid_constant__ Kernel kernel) {
  kernel(device_thread{});
}

}  // namespace viseme::simt
