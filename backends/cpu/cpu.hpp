// All ops of the cpu backend, and those of the reference backend it falls back to.
#pragma once

#include <backends/cpu/batch_norm.hpp>
#include <backends/cpu/conv2d.hpp>
#include <backends/cpu/elementwise.hpp>
#include <backends/cpu/inverted_residual.hpp>
#include <backends/cpu/learning.hpp>
#include <backends/cpu/normalize.hpp>
#include <backends/cpu/resample.hpp>
