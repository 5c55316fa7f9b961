// VISEME_DEVICE marks functions that kernels call: compiled for host and device by nvcc, an ordinary function elsewhere.
#pragma once

#if defined(__CUDACC__)
#define VISEME_DEVICE __host__ __device__
#else
#define VISEME_DEVICE
#endif
