// Includes VISEME_KERNEL_BODY once per instruction set (see simd.hpp). No include guard: every kernel family passes through here.
namespace viseme::kernels::cpu::plain {
#include VISEME_KERNEL_BODY
}  // namespace viseme::kernels::cpu::plain

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace viseme::kernels::cpu::avx2 {
#include VISEME_KERNEL_BODY
}  // namespace viseme::kernels::cpu::avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma")
namespace viseme::kernels::cpu::avx512 {
#include VISEME_KERNEL_BODY
}  // namespace viseme::kernels::cpu::avx512
#pragma GCC pop_options
#endif

#undef VISEME_KERNEL_BODY
