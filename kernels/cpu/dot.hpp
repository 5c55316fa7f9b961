// Sum of products of two vectors, in double.
#pragma once

#include <kernels/cpu/activation.hpp>

#define VISEME_KERNEL_BODY <kernels/cpu/dot.inl>
#include <kernels/cpu/each_set.hpp>
