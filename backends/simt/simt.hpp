// All ops over the kernels of kernels/simt, for any place.
#pragma once

#include <backends/simt/adam.hpp>
#include <backends/simt/backend.hpp>
#include <backends/simt/batch_norm.hpp>
#include <backends/simt/conv2d.hpp>
#include <backends/simt/depthwise3x3.hpp>
#include <backends/simt/elementwise.hpp>
#include <backends/simt/finite.hpp>
#include <backends/simt/inverted_residual.hpp>
#include <backends/simt/keep.hpp>
#include <backends/simt/losses.hpp>
#include <backends/simt/moves.hpp>
#include <backends/simt/normalize.hpp>
#include <backends/simt/painting.hpp>
#include <backends/simt/resample.hpp>
