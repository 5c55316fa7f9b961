// The activations that kernels apply as they store, and loads and stores of a whole vector or its first n lanes.
#pragma once

#include <kernels/cpu/epilogue.hpp>
#include <kernels/cpu/simd.hpp>

#define VISEME_KERNEL_BODY <kernels/cpu/activation.inl>
#include <kernels/cpu/each_set.hpp>
