// The thread of kernels/simt/hopper.hpp on the GPU: compiled for sm_90a alone.
#pragma once

#include <kernels/simt/device.cuh>
#include <kernels/simt/hopper.hpp>

namespace viseme::simt {

class hopper_thread : public device_thread {
public:
  template <class S>
  __device__ S& shared() const {
    extern __shared__ __align__(1024) unsigned char swizzled[];
    return *reinterpret_cast<S*>(swizzled);
  }

  __device__ void start(barrier& b, int arrivals) const {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1; fence.mbarrier_init.release.cluster;" ::"r"(in_shared(&b)), "r"(arrivals)
                 : "memory");
  }
  __device__ void arrive(barrier& b) const { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(in_shared(&b)) : "memory"); }
  __device__ void expect(barrier& b, int bytes) const {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(in_shared(&b)), "r"(bytes) : "memory");
  }
  __device__ void wait(barrier& b, unsigned parity) const {
    unsigned ended;
    do {
      asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                   : "=r"(ended)
                   : "r"(in_shared(&b)), "r"(parity)
                   : "memory");
    } while (!ended);
  }

  __device__ void copy_tile(void* to, const tile_map& map, int column, int row, barrier& b) const {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::
                 "r"(in_shared(to)), "l"(&map), "r"(column), "r"(row), "r"(in_shared(&b))
                 : "memory");
  }

  __device__ std::uint64_t operand(const void* rows) const { return swizzled_operand(in_shared(rows)); }
  __device__ void begin_products() const { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
  __device__ void end_products() const { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
  template <int N>
  __device__ void wait_products() const {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
  }
  template <int N, class T>
  __device__ void multiply(warpgroup_sums<N>& c, std::uint64_t a, std::uint64_t b, T, bool add) const {
    multiply<scalar_name<T>>(c.at, a, b, add);
  }

private:
  template <class T>
  struct scalar_name;

  template <class Scalar>
  __device__ static void multiply(float (&d)[32], std::uint64_t a, std::uint64_t b, int add) {
    asm volatile("{ .reg .pred add; setp.ne.b32 add, %34, 0; wgmma.mma_async.sync.aligned.m64n64k16.f32.%35.%35 {"
              "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
              "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
              "}, %32, %33, add, 1, 1, 0, 0; }"
              : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
                "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
                "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
                "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
              : "l"(a), "l"(b), "r"(add), "C"(Scalar::name));
  }
  template <class Scalar>
  __device__ static void multiply(float (&d)[64], std::uint64_t a, std::uint64_t b, int add) {
    asm volatile("{ .reg .pred add; setp.ne.b32 add, %66, 0; wgmma.mma_async.sync.aligned.m64n128k16.f32.%67.%67 {"
              "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
              "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
              "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
              "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
              "}, %64, %65, add, 1, 1, 0, 0; }"
              : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
                "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
                "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
                "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]),
                "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]),
                "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]),
                "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]),
                "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
              : "l"(a), "l"(b), "r"(add), "C"(Scalar::name));
  }
};
template <>
struct hopper_thread::scalar_name<bf16> {
  static constexpr char name[] = "bf16";
};
template <>
struct hopper_thread::scalar_name<fp16> {
  static constexpr char name[] = "f16";
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads, Kernel::blocks_a_multiprocessor) hopper_entry(const __grid_constant__ Kernel kernel) {
  kernel(hopper_thread{});
}

}  // namespace viseme::simt
