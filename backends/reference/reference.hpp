// All ops of the reference backend.
#pragma once

#include <backends/reference/adam.hpp>
#include <backends/reference/batch_norm.hpp>
#include <backends/reference/conv2d.hpp>
#include <backends/reference/elementwise.hpp>
#include <backends/reference/keep.hpp>
#include <backends/reference/losses.hpp>
#include <backends/reference/normalize.hpp>
#include <backends/reference/resample.hpp>
